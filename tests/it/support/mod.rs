//! What several behaviour tests share.

pub(crate) mod tokio_chat;
