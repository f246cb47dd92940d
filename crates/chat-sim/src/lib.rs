#![doc = include_str!("../README.md")]

mod agenda;
mod api;
mod blobs;
mod body;
mod bucket;
mod chat_event;
mod contact;
mod control;
mod cut_off;
mod error;
mod fault;
mod fault_list;
mod grants;
mod item;
mod memory;
mod millis;
mod operation;
mod output;
mod page_token;
mod quota;
mod random;
mod ready_script;
mod script;
mod script_reading;
mod script_run;
mod service;
mod settable;
mod settings;
mod simulator;
mod upload;
mod view;
mod wall;
mod weight;

pub use chat_event::ChatEvent;
pub use contact::{AcceptedSend, Contact, EndReason, Participant, Published};
pub use cut_off::CutOff;
pub use error::ControlError;
pub use fault::{CutWhen, Effect, Fault, FaultId, FaultState};
pub use item::{
    Attachment, AttachmentStatus, Item, ItemType, MessageMetadata, ProcessingStatus, Receipt, Role,
};
pub use operation::Operation;
pub use output::{Output, RequestId, SocketId};
pub use script::{Rule, Script, Step};
pub use script_reading::ScriptError;
pub use service::{AgentSeat, Service, StartedChat};
pub use settings::{Bundle, ResponseMode, Settings, Start};
pub use simulator::{NotMet, Simulator, SimulatorBuilder, StartError};
pub use view::View;
