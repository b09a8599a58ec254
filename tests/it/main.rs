//! Tests of the whole program, through its door: arguments and files in; exit code and text out.

mod bad_input;
mod baseline;
mod cli;
mod comforts;
mod config;
mod deployed;
mod explain;
#[cfg(unix)]
mod faults;
mod fix;
mod formats;
#[cfg(unix)]
mod hostile;
mod incremental;
mod own;
mod project;
mod rewrites;
mod shards;
mod shop;
mod suppress;
mod team;
mod tidy;
mod work;
