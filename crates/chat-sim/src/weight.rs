//! How many bytes of memory things take, by estimate: their fields and their blocks on the heap, as
//! they are asked for from the allocator, and the slack of the collections they are in.

use std::mem::size_of;
use std::sync::Arc;

use crate::contact::{
    AcceptedSend, Contact, ContactKey, History, Participant, Published, Segment, TokenKey,
};
use crate::grants::Grant;
use crate::item::{Attachment, Item, Receipt};
use crate::upload::Upload;
use crate::view::View;

/// The most that one request adds for which there must be room: a message with its largest content,
/// as an item and as what a script answers.
pub(crate) const ROOM: usize = 64 * 1024;

/// The length of a token.
const TOKEN: usize = 160;

/// What an entry of a `BTreeMap` takes: its nodes are about two thirds full.
const fn entry<K, V>() -> usize {
    (size_of::<K>() + size_of::<V>()) * 3 / 2
}

/// What an element of a `Vec` takes: they are about two thirds full.
const fn element<T>() -> usize {
    size_of::<T>() * 3 / 2
}

/// An item, with its places in a transcript and in the log of what was published.
pub(crate) fn item(item: &Item) -> usize {
    let texts = [
        item.absolute_time.len(),
        item.content_type.len(),
        item.id.len(),
        text(item.content.as_ref()),
        text(item.participant_id.as_ref()),
        text(item.display_name.as_ref()),
        item.initial_contact_id.len(),
        item.contact_id.len(),
    ];
    let attachments = item.attachments.iter().map(|file| {
        let texts = file.attachment_id.len() + file.attachment_name.len() + file.content_type.len();
        size_of::<Attachment>() + texts
    });
    let metadata = item.message_metadata.iter().map(|metadata| {
        let receipts = metadata.receipts.iter().map(receipt_alone);
        metadata.message_id.len() + receipts.sum::<usize>()
    });
    let places = element::<Arc<Item>>()
        + element::<u64>()
        + entry::<String, usize>()
        + item.id.len()
        + element::<Published>();
    2 * size_of::<usize>()
        + size_of::<Item>()
        + texts.into_iter().sum::<usize>()
        + attachments.sum::<usize>()
        + metadata.sum::<usize>()
        + places
}

fn text(text: Option<&String>) -> usize {
    text.map_or(0, String::len)
}

fn receipt_alone(receipt: &Receipt) -> usize {
    size_of::<Receipt>()
        + receipt.recipient_participant_id.len()
        + text(receipt.delivered_timestamp.as_ref())
        + text(receipt.read_timestamp.as_ref())
}

/// What is known of a message and a recipient.
pub(crate) fn receipt(message_id: &str) -> usize {
    const TEXTS: usize = 36 + 2 * 24;
    entry::<(String, usize), Receipt>() + message_id.len() + TEXTS
}

/// An accepted send, with what finds it by its client token.
pub(crate) fn send(send: &AcceptedSend, key: Option<&TokenKey>) -> usize {
    let key = key.map_or(0, |key| {
        let receipt = key.receipt.as_ref().map_or(0, |(_, message)| message.len());
        3 * key.client_token.len() + 2 * receipt + entry::<TokenKey, u64>()
    });
    element::<(u64, AcceptedSend, Option<TokenKey>)>()
        + send.participant_id.len()
        + send.item_id.len()
        + send.absolute_time.len()
        + key
}

/// A contact in which nothing has happened yet, without participants.
pub(crate) fn contact(contact: &Contact) -> usize {
    /// Its timers, counts and lists while they are small.
    const SMALL_THINGS: usize = 1_024;
    let start_token = text(contact.start_token.as_ref());
    let content_types = contact.content_types.iter();
    entry::<ContactKey, Contact>()
        + segment(&contact.id)
        + contact.instance_id.len()
        + 2 * start_token
        + content_types
            .map(|text| size_of::<String>() + text.len())
            .sum::<usize>()
        + SMALL_THINGS
}

/// A contact of a chain.
pub(crate) fn segment(id: &str) -> usize {
    element::<Segment>() + entry::<String, ContactKey>() + 3 * id.len()
}

/// Somebody with a participant token.
pub(crate) fn participant(participant: &Participant) -> usize {
    element::<Participant>()
        + participant.id.len()
        + participant.display_name.len()
        + participant.first_name.len()
        + token()
}

/// A token and what it opens.
pub(crate) fn token() -> usize {
    2 * TOKEN + element::<String>() + entry::<String, Grant>()
}

/// A file, without its bytes.
pub(crate) fn upload(upload: &Upload) -> usize {
    /// The token of its completion and the id of its item, which come later.
    const LATER: usize = 100;
    entry::<u64, Upload>()
        + upload.id.len()
        + upload.name.len()
        + upload.content_type.len()
        + upload.url_token.len()
        + upload.start_token.len()
        + LATER
}

/// A view that can be described.
pub(crate) fn view(view: &View) -> usize {
    let actions = view.actions.iter();
    element::<(String, View)>()
        + TOKEN
        + view.id.len()
        + view.name.len()
        + view.input_schema.len()
        + view.template.len()
        + actions
            .map(|action| size_of::<String>() + action.len())
            .sum::<usize>()
}

/// A message in chunks.
pub(crate) fn stream(chunks: &[String]) -> usize {
    chunks
        .iter()
        .map(|chunk| size_of::<String>() + chunk.len())
        .sum()
}

/// A client token that is remembered.
pub(crate) fn client_token(token: &str) -> usize {
    entry::<String, usize>() + token.len()
}

/// What a chat continues; the items themselves are those of earlier chats.
pub(crate) fn history(history: &History) -> usize {
    history.items.len() * element::<Arc<Item>>() + text(history.continued_from.as_ref())
}
