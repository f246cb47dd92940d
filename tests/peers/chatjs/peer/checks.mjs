// Checks that are the same for whatever ChatJS received.
import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';

const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** Every member of an item, in the form the service documents; `expected` names the values. */
export function assertItem(item, expected) {
  assert.match(item.AbsoluteTime, instant);
  assert.ok(Math.abs(Date.parse(item.AbsoluteTime) - Date.now()) < 60_000, `${item.AbsoluteTime} is not now`);
  assert.match(item.Id, /^\S{1,256}$/);
  const { AbsoluteTime, Id, ...rest } = item;
  assert.deepEqual(rest, expected);
}

/** The members that say from whom an item is, for `assertItem`. */
export const from = (chat, participant) => ({
  ...participant,
  InitialContactId: chat.contactId,
  ContactId: chat.contactId,
});

/** The members that say an item is from the customer of this chat. */
export const fromCustomer = (chat, name = 'Ana') =>
  from(chat, { ParticipantId: chat.participantId, ParticipantRole: 'CUSTOMER', DisplayName: name });

// The service's model of a fetched item has fewer members than items have on the socket.
function asModelled({ InitialContactId, MessageMetadata, ...item }) {
  const { MessageCompleted, ChunkNumber, ...metadata } = MessageMetadata ?? {};
  return Object.keys(metadata).length > 0 ? { ...item, MessageMetadata: metadata } : item;
}

/** These items of a transcript are those that the service recorded, in every member that it documents. */
export function assertFetched(items, recorded, message) {
  assert.deepEqual(items.map(asModelled), recorded.map(asModelled), message);
}

/** All that ChatJS raised is what the service says it sent, field by field; all it fetched is what is stored. */
export async function assertAsRecorded(chat) {
  // In this order: the chat may be going on.
  const events = await chat.events();
  const published = (await chat.published()).map(({ item }) => item);
  for (const { name, data } of events) {
    if (!data?.Id || name === 'TranscriptUpdated') continue;
    assert.ok(
      published.some((item) => isSame(data, item)),
      unlike(name, data, published),
    );
  }
  const stored = await chat.stored();
  for (const { method, data } of chat.results) {
    if (method !== 'getTranscript') continue;
    // Those of the past are not of this contact.
    const items = data.Transcript.filter((item) => !item.RelatedContactId);
    assertFetched(
      items,
      items.map(({ Id }) => stored.find((item) => item.Id === Id) ?? assert.fail(`${Id} is not stored`)),
    );
  }
}

function isSame(received, item) {
  if (isDeepStrictEqual(received, item)) return true;
  // ChatJS puts the chunks of a message together itself, and keeps the time of the first.
  if (received.MessageMetadata?.MessageCompleted === undefined) return false;
  const { Content, AbsoluteTime } = item;
  return isDeepStrictEqual({ ...received, Content, AbsoluteTime }, item);
}

function unlike(name, received, recorded) {
  const candidates = recorded.filter((item) => item.Id === received.Id);
  return `${name} is not what the service recorded: ${JSON.stringify(received)}, but ${JSON.stringify(candidates)}`;
}
