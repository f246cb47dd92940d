//! What travels over the WebSocket and in transcripts, as data.

pub(crate) mod content_type;
pub(crate) mod frame;
pub mod interactive;
pub(crate) mod item;
pub(crate) mod open_enum;
pub(crate) mod text;
pub(crate) mod timestamp;

pub use content_type::ContentType;
pub use frame::{Frame, HEARTBEAT, PING, SUBSCRIBE};
pub use interactive::InteractiveMessage;
pub use item::{
    Attachment, AttachmentStatus, Item, ItemType, MessageMetadata, MessageProcessingStatus,
    ParticipantRole, Receipt,
};
pub use timestamp::AbsoluteTime;
