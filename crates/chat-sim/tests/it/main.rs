//! The behaviour of the simulator: its core on virtual time, its shell over real sockets.

#[cfg(test)]
mod agent;
#[cfg(test)]
mod agent_clients;
#[cfg(test)]
mod attachments;
#[cfg(test)]
mod bad_bytes;
#[cfg(test)]
mod bad_http;
#[cfg(test)]
mod bench;
#[cfg(test)]
mod bots;
#[cfg(test)]
mod bounds;
#[cfg(test)]
mod chat_events;
#[cfg(test)]
mod connections;
#[cfg(test)]
mod console;
#[cfg(test)]
mod control;
#[cfg(test)]
mod credential_faults;
#[cfg(test)]
mod cut_off;
#[cfg(test)]
mod events;
#[cfg(test)]
mod every_fault;
#[cfg(test)]
mod frame_faults;
#[cfg(test)]
mod http_client;
#[cfg(test)]
mod idle;
#[cfg(test)]
mod lifecycle;
#[cfg(test)]
mod logs;
#[cfg(test)]
mod manual_clock;
#[cfg(test)]
mod memory_bound;
#[cfg(test)]
mod messages;
#[cfg(test)]
mod never_panics;
#[cfg(test)]
mod openapi;
#[cfg(test)]
mod participants;
#[cfg(test)]
mod persistent_chat;
#[cfg(test)]
mod processing;
#[cfg(test)]
mod quotas;
#[cfg(test)]
mod ready_scripts;
#[cfg(test)]
mod request_faults;
#[cfg(test)]
mod requests;
#[cfg(test)]
mod script_reading;
#[cfg(test)]
mod script_steps;
#[cfg(test)]
mod scripts;
#[cfg(test)]
mod simulator;
#[cfg(test)]
mod socket_faults;
#[cfg(test)]
mod sockets;
#[cfg(test)]
mod streaming;
#[cfg(test)]
mod tls;
#[cfg(test)]
mod transcript;
