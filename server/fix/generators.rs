//! Pages one at a time: lists that only travel to a loop become generators.
