//! One client for all calls: a factory at the top of the module, which `functools.cache` makes run once.
