//! The flow and its bots: what the service says by itself, at once or word by word.

use std::time::Duration;

use serde_json::json;

use super::Service;
use super::agent::check_message;
use super::chat::Draft;
use crate::agenda::{Task, TaskKey};
use crate::contact::{ContactKey, Participant};
use crate::error::ControlError;
use crate::item::{INTERACTIVE, Item, MessageMetadata, Role, TEXT_PLAIN};
use crate::memory::Charge;
use crate::settings::ResponseMode;
use crate::view::View;
use crate::weight;

/// The name under which the service speaks.
const NAME: &str = "BOT";
/// How many messages of one contact may be under way chunk by chunk.
const STREAMS: usize = 100;
/// How many views of one contact can be described; the oldest go first.
const VIEWS: usize = 100;

/// A message that goes out chunk by chunk.
pub(crate) struct Stream {
    /// The id that every chunk and the whole message have.
    id: String,
    chunks: Vec<String>,
    /// How many chunks have gone out.
    sent: usize,
    every: Duration,
    pub(super) task: TaskKey,
    _charge: Charge,
}

impl Service {
    /// The flow sends a message of any content type, with the role SYSTEM.
    ///
    /// # Errors
    ///
    /// When the content has not 1 to 16,384 bytes, the content type not 1 to 100 characters, the
    /// chat does not exist or has ended, or its transcript is full.
    pub fn bot_sends(
        &mut self,
        now: Duration,
        contact: &str,
        content_type: &str,
        content: &str,
    ) -> Result<Item, ControlError> {
        self.advance(now);
        let key = self.live(contact)?;
        self.bot_says(key, content_type, content)
    }

    /// A bot sends one message in chunks: the first at once, then one after every `every`, and
    /// after another `every` the whole message, which alone is kept in the transcript. All have
    /// the same id, which is the answer. Customers whose response mode is
    /// [`ResponseMode::Complete`] get the whole message only.
    ///
    /// # Errors
    ///
    /// When a chunk is empty or there is none, all together have more than 16,384 bytes, the chat
    /// does not exist or has ended, a hundred such messages are under way in it, or its transcript
    /// is full.
    pub fn bot_streams(
        &mut self,
        now: Duration,
        contact: &str,
        chunks: &[&str],
        every: Duration,
    ) -> Result<String, ControlError> {
        self.advance(now);
        let key = self.live(contact)?;
        let chunks = chunks.iter().map(|chunk| (*chunk).to_owned()).collect();
        self.start_stream(key, chunks, every)
    }

    /// The flow shows a view: an interactive message whose `viewToken` DescribeView takes. A
    /// hundred views of a contact can be described; the oldest go first.
    ///
    /// # Errors
    ///
    /// When the view is not as [`View`] says, the chat does not exist or has ended, or its
    /// transcript is full.
    pub fn bot_shows_view(
        &mut self,
        now: Duration,
        contact: &str,
        view: &View,
    ) -> Result<Item, ControlError> {
        self.advance(now);
        let key = self.live(contact)?;
        self.show_view(key, view)
    }

    pub(super) fn bot_says(
        &mut self,
        key: ContactKey,
        content_type: &str,
        content: &str,
    ) -> Result<Item, ControlError> {
        check_message(content_type, content)?;
        self.check_room(key)?;
        let unknown = || ControlError::NoSuchContact(key.0.to_string());
        let bot = self.bot(key).ok_or_else(unknown)?;
        self.publish(key, &Draft::message(bot, content_type, content))
            .map(|item| Item::clone(&item))
            .ok_or_else(unknown)
    }

    pub(super) fn show_view(&mut self, key: ContactKey, view: &View) -> Result<Item, ControlError> {
        view.check()?;
        // Characters that a client has to escape in the path are part of it on purpose.
        let token = format!("{}/+=", self.random.token());
        let content = json!({
            "templateType": "ViewResource",
            "version": "1.0",
            "data": { "content": { "viewId": view.id, "viewToken": token, "viewData": {} } },
        });
        self.check_memory(weight::view(view))?;
        let item = self.bot_says(key, INTERACTIVE, &content.to_string())?;
        if let Some(contact) = self.contacts.get_mut(&key) {
            contact.charge.grow(weight::view(view));
            contact.views.push_back((token, view.clone()));
            while contact.views.len() > VIEWS {
                if let Some((_, view)) = contact.views.pop_front() {
                    contact.charge.shrink(weight::view(&view));
                }
            }
        }
        Ok(item)
    }

    pub(super) fn start_stream(
        &mut self,
        key: ContactKey,
        chunks: Vec<String>,
        every: Duration,
    ) -> Result<String, ControlError> {
        if chunks.iter().any(String::is_empty) {
            return Err(ControlError::Invalid(
                "a chunk must not be empty".to_owned(),
            ));
        }
        check_message(TEXT_PLAIN, &chunks.concat())?;
        self.check_room(key)?;
        let weight = weight::stream(&chunks);
        self.check_memory(weight)?;
        let id = self.random.uuid();
        let number = self.stream_numbers;
        let unknown = || ControlError::NoSuchContact(key.0.to_string());
        let contact = self.contacts.get(&key).ok_or_else(unknown)?;
        if contact.streams.len() >= STREAMS {
            return Err(ControlError::Invalid(format!(
                "{STREAMS} messages are under way in chunks, which is all that may be"
            )));
        }
        let charge = self.memory.charge(weight);
        self.stream_numbers += 1;
        let task = self.schedule(Duration::ZERO, Task::GoOnStreaming(key, number));
        let stream = Stream {
            id: id.clone(),
            chunks,
            sent: 0,
            every,
            task,
            _charge: charge,
        };
        let contact = self.contacts.get_mut(&key).ok_or_else(unknown)?;
        contact.streams.insert(number, stream);
        self.go_on_streaming(key, number);
        Ok(id)
    }

    /// Sends the next chunk of a message, or the whole of it.
    pub(super) fn go_on_streaming(&mut self, key: ContactKey, number: u64) {
        let Some(bot) = self.bot(key) else {
            return;
        };
        let Some(contact) = self.contacts.get_mut(&key) else {
            return;
        };
        let incremental = contact.response_mode == ResponseMode::Incremental;
        let Some(mut stream) = contact.streams.remove(&number) else {
            return;
        };
        self.agenda.cancel(stream.task);
        let chunk = stream.chunks.get(stream.sent);
        let whole = stream.chunks.concat();
        let mut draft = Draft::message(bot, TEXT_PLAIN, chunk.unwrap_or(&whole));
        draft.id = Some(&stream.id);
        let is_chunk = chunk.is_some();
        if incremental {
            draft.metadata = Some(MessageMetadata::of_chunk(
                is_chunk.then_some(stream.sent + 1),
            ));
        }
        if is_chunk {
            draft.stored = false;
            if incremental {
                self.publish(key, &draft);
            }
            stream.sent += 1;
            stream.task = self.schedule(stream.every, Task::GoOnStreaming(key, number));
            if let Some(contact) = self.contacts.get_mut(&key) {
                contact.streams.insert(number, stream);
            }
        } else if self.has_room(key) {
            self.publish(key, &draft);
        }
    }

    /// The place of the flow among the participants of a contact.
    fn bot(&mut self, key: ContactKey) -> Option<usize> {
        let id = self.random.uuid();
        let contact = self.contacts.get_mut(&key)?;
        let known = contact
            .participants
            .iter()
            .position(|participant| participant.role == Role::System);
        Some(
            known.unwrap_or_else(|| {
                contact.add_participant(Participant::new(id, Role::System, NAME))
            }),
        )
    }
}
