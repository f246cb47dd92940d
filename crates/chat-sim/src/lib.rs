#![doc = include_str!("../README.md")]

mod agenda;
mod api;
mod blobs;
mod body;
mod chat_event;
mod contact;
mod error;
mod fault;
mod fault_list;
mod grants;
mod item;
mod millis;
mod operation;
mod output;
mod page_token;
mod random;
mod script;
mod script_run;
mod service;
mod settings;
mod simulator;
mod upload;
mod view;
mod wall;

pub use chat_event::ChatEvent;
pub use contact::{AcceptedSend, Contact, EndReason, Participant, Published};
pub use error::ControlError;
pub use fault::{CutWhen, Effect, Fault, FaultId};
pub use item::{Attachment, AttachmentStatus, Item, ItemType, MessageMetadata, Receipt, Role};
pub use operation::Operation;
pub use output::{Output, RequestId, SocketId};
pub use script::{Rule, Script, ScriptError, Step};
pub use service::{AgentSeat, Service, StartedChat};
pub use settings::{ResponseMode, Settings, Start};
pub use simulator::{NotMet, Simulator, SimulatorBuilder, StartError};
pub use view::View;
