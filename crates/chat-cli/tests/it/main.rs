//! The program as its users meet it: processes, arguments, lines and exit statuses.

#![cfg(unix)]

mod arguments;
mod chat;
mod demo;
mod pipe;
mod resume;
mod simulate;
mod support;
