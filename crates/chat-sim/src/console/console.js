// The console: shows what the control API tells, and asks it for what a person wants done.
'use strict';

const CONTROL = '/_sim';
const POLL_MS = 1_000;
const HURRY_MS = 250;
const HURRY_FOR_MS = 3_000;
const PAGE = 1_000;
const BACKLOG = 300;
const SHOWN = 600;
const CONTACTS = 100;
const FAULTS_OVER = 5;
const LEFT_MS = 2_000;
const TYPING_SHOWN_MS = 10_000;
const TYPING_EVERY_MS = 3_000;
const HEARTBEAT_LATE_MS = 15_000;
const HEARTBEAT_DEAD_MS = 25_000;
const STREAM_EVERY_MS = 150;
const EVENT_PREFIX = 'application/vnd.amazonaws.connect.event.';
const INTERACTIVE = 'application/vnd.amazonaws.connect.message.interactive';
const WIDE = matchMedia('(min-width: 1000px)');

// ---------------------------------------------------------------- the page

const $ = (id) => document.getElementById(id);

/** An element. Strings become text nodes, so nothing that people write is ever read as HTML. */
function h(name, properties = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key.startsWith('on')) node.addEventListener(key.slice(2), value);
    else if (key === 'data') Object.assign(node.dataset, value);
    else if (key.includes('-') || key === 'role' || key === 'for') node.setAttribute(key, value);
    else node[key] = value;
  }
  node.append(...children);
  return node;
}

function setText(node, text) {
  if (node.textContent !== String(text)) node.textContent = text;
}

function setData(node, name, value) {
  if (node.dataset[name] !== value) node.dataset[name] = value;
}

/** Brings the children of a list in line with the entries; a child that stays is the same node. */
function sync(parent, entries, keyOf, make, update = () => {}) {
  const kept = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  const wanted = new Set(entries.map((entry) => String(keyOf(entry))));
  for (const [key, child] of kept) if (!wanted.has(key)) child.remove();
  let at = parent.firstElementChild;
  for (const entry of entries) {
    const key = String(keyOf(entry));
    let child = kept.get(key);
    if (!child) {
      child = make(entry);
      child.dataset.key = key;
    }
    update(child, entry);
    if (child === at) at = at.nextElementSibling;
    else parent.insertBefore(child, at);
  }
}

/** A list of names and values, in a `dl`. */
function syncPairs(list, pairs) {
  const make = ([name]) => h('div', {}, h('dt', { textContent: name }), h('dd'));
  sync(
    list,
    pairs,
    ([name]) => name,
    make,
    (node, [, value, tone]) => {
      setText(node.lastChild, value);
      setData(node, 'tone', tone ?? '');
    },
  );
}

function remembered(name, otherwise) {
  try {
    return localStorage.getItem(`connect-chat.${name}`) ?? otherwise;
  } catch {
    return otherwise;
  }
}

function remember(name, value) {
  try {
    localStorage.setItem(`connect-chat.${name}`, value);
  } catch {
    // Storage may be switched off; then nothing is remembered.
  }
}

// ---------------------------------------------------------------- the control API

async function call(method, path, body, contentType = 'application/json') {
  const raw = body === undefined || body instanceof Blob;
  const response = await fetch(CONTROL + path, {
    method,
    headers: body === undefined ? {} : { 'Content-Type': contentType },
    body: raw ? body : JSON.stringify(body),
    cache: 'no-store',
  });
  const text = await response.text();
  let answer = null;
  try {
    answer = JSON.parse(text);
  } catch {
    // Told below, with the status.
  }
  if (!response.ok || answer === null) {
    const sentence = answer?.error ?? `${method} ${path} was answered ${response.status} ${text.slice(0, 200)}`;
    throw Object.assign(new Error(sentence), { status: response.status });
  }
  return answer;
}

const get = (path) => call('GET', path);
const contactPath = (rest = '') => `/contacts/${encodeURIComponent(chat.id)}${rest}`;

/** Does what a person asked for. What the API says against it is shown as it is. */
async function act(work) {
  try {
    const answer = await work();
    $('toast').hidden = true;
    return answer ?? true;
  } catch (problem) {
    tell(problem);
    return null;
  } finally {
    hurry();
  }
}

function tell(problem) {
  setText($('toast-text'), problem.message);
  $('toast').hidden = false;
}

// ---------------------------------------------------------------- words

const ROLES = { CUSTOMER: 'customer', AGENT: 'agent', SYSTEM: 'flow', CUSTOM_BOT: 'bot', SUPERVISOR: 'supervisor' };

const EVENTS = {
  'participant.joined': (who) => `${who} joined`,
  'participant.left': (who) => `${who} left`,
  'participant.idle': (who) => `${who} is idle`,
  'participant.returned': (who) => `${who} returned`,
  'participant.invited': (who) => `${who} was invited`,
  'participant.autodisconnection': (who) => `${who} was idle for too long`,
  'participant.displayname.updated': (who) => `Display name is now ${who}`,
  'chat.ended': () => 'Chat ended',
  'chat.rehydrated': () => 'This chat continues an earlier one',
  'transfer.succeeded': () => 'Transferred to another agent',
  'transfer.failed': () => 'Transfer failed',
  'authentication.initiated': () => 'Authentication asked for',
  'authentication.succeeded': () => 'Authentication succeeded',
  'authentication.failed': () => 'Authentication failed',
  'authentication.timeout': () => 'Authentication timed out',
  'authentication.expired': () => 'Authentication expired',
  'authentication.cancelled': () => 'Authentication cancelled',
};

const plural = (count, word) => `${count} ${word}${count === 1 ? '' : 's'}`;
const words = (name) => name.replaceAll('_', ' ');
const sum = (counts) => Object.values(counts ?? {}).reduce((total, count) => total + count, 0);

function age(ms) {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d`;
}

const withRole = (name, role) => `${name} · ${ROLES[role] ?? role}`;

const clockTime = (timestamp) => new Date(timestamp).toLocaleTimeString([], { hour12: false });
const since = (timestamp) => Date.parse(service.now) - Date.parse(timestamp);
const eventName = (item) =>
  item.ContentType?.startsWith(EVENT_PREFIX) ? item.ContentType.slice(EVENT_PREFIX.length) : null;

const present = (contact, role) => contact.participants.filter((one) => one.role === role && one.present && !one.left);

/** The state of a chat in words, and how it looks. */
function stateOf(contact) {
  if (contact.ended) return ['ended', `Ended: ${words(contact.ended.reason)}`];
  if (present(contact, 'CUSTOMER').length === 0) return ['idle', 'Not connected yet'];
  const [agent] = present(contact, 'AGENT');
  if (agent) return ['ok', `With ${agent.display_name}`];
  return ['warn', 'No agent'];
}

// ---------------------------------------------------------------- what is known

let service = { now: new Date(0).toISOString() };
let contacts = [];
let contactsTotal = 0;
let faults = [];
/** The selected chat. */
let chat = null;
/** How much of each contact a person has seen, and when it last changed, by contact. */
const seen = new Map();
const active = new Map();
const drafts = new Map();
/** When a person went on from a chat; what they said last may be counted only after that. */
const leftAt = new Map();
let settled = false;

function newChat(id) {
  return {
    id,
    detail: null,
    transcript: null,
    published: null,
    /** What is shown, by id of the item. */
    entries: new Map(),
    typing: new Map(),
    /** The answer to the agent's joining, until the agent is seen to be there. */
    joining: null,
    keepAll: false,
  };
}

// ---------------------------------------------------------------- polling

let timer = 0;
let polling = false;
let again = false;
let hurryUntil = 0;

function hurry() {
  hurryUntil = Date.now() + HURRY_FOR_MS;
  clearTimeout(timer);
  void loop();
}

async function loop() {
  if (document.hidden) return;
  if (polling) {
    again = true;
    return;
  }
  polling = true;
  again = false;
  try {
    await poll();
    $('offline').hidden = true;
    setData($('mark'), 'state', 'ok');
  } catch (problem) {
    setText($('offline'), `The simulator does not answer. Trying again. (${problem.message})`);
    $('offline').hidden = false;
    setData($('mark'), 'state', 'bad');
  }
  polling = false;
  clearTimeout(timer);
  const pause = Date.now() < hurryUntil ? HURRY_MS : POLL_MS;
  timer = setTimeout(loop, again ? 0 : pause);
}

async function poll() {
  const [state, newest, injected] = await Promise.all([
    get('/state'),
    get(`/contacts?limit=${CONTACTS}`),
    get('/faults'),
  ]);
  service = state;
  contacts = newest.contacts;
  contactsTotal = newest.total;
  faults = injected.faults;
  noteActivity();
  showVitals();
  showContacts();
  showFaults();
  showService();
  if (chat) await readChat(chat);
  settled = true;
}

async function readChat(read) {
  try {
    const path = contactPath();
    const detail = await get(path);
    read.transcript ??= Math.max(0, detail.items - BACKLOG);
    read.published ??= Math.max(0, detail.published - BACKLOG);
    const fresh = [];
    read.transcript = await readOn(`${path}/transcript`, read.transcript, 'items', (item, index) =>
      fresh.push([item, index]),
    );
    read.published = await readOn(`${path}/published`, read.published, 'published', ({ item }) => fresh.push([item]));
    if (chat !== read) return;
    const first = read.detail === null;
    read.detail = detail;
    showChat(read, fresh, first);
  } catch (problem) {
    if (problem.status !== 404) throw problem;
    if (chat !== read) return;
    tell(problem);
    select(null);
  }
}

async function readOn(path, after, member, take) {
  for (;;) {
    const page = await get(`${path}?after=${after}`);
    page[member].forEach((one, index) => take(one, after + index));
    if (page[member].length < PAGE) return page.next;
    after = page.next;
  }
}

function noteActivity() {
  for (const contact of contacts) {
    const known = active.get(contact.contact_id);
    const amount = contact.items + contact.published + contact.open_sockets;
    if (!known) active.set(contact.contact_id, { amount, at: settled ? service.now : contact.started });
    else if (known.amount !== amount) active.set(contact.contact_id, { amount, at: service.now });
    const wasJustLeft = Date.now() - (leftAt.get(contact.contact_id) ?? 0) < LEFT_MS;
    const isSeen = !settled || contact.contact_id === chat?.id || wasJustLeft;
    if (isSeen) seen.set(contact.contact_id, contact.items);
    else if (!seen.has(contact.contact_id)) {
      seen.set(contact.contact_id, 0);
      announce(`New chat: ${contact.customer}`);
    }
  }
}

function announce(text) {
  $('announcer').append(h('p', { textContent: text }));
  while ($('announcer').childElementCount > 5) $('announcer').firstElementChild.remove();
}

// ---------------------------------------------------------------- the top and the list of chats

function showVitals() {
  setText($('vital-live'), service.live_contacts);
  setText($('vital-sockets'), service.open_sockets);
  const count = faults.filter((fault) => fault.active).length;
  setText($('vital-faults'), count);
  setData($('vital-faults').parentElement, 'tone', count > 0 ? 'warn' : '');
  setText($('vital-requests'), sum(service.requests));
  setText($('vital-clock'), clockTime(service.now));
  setText($('vital-up'), age(service.uptime_ms));
}

function matches(contact, wanted) {
  const text = `${contact.customer} ${contact.contact_id} ${contact.current_contact_id} ${stateOf(contact)[1]}`;
  return wanted.split(/\s+/).every((word) => text.toLowerCase().includes(word));
}

const unseenIn = (contact) => Math.max(0, contact.items - (seen.get(contact.contact_id) ?? contact.items));
const optionId = (id) => `contact-${id}`;

function showContacts() {
  const wanted = $('filter').value.trim().toLowerCase();
  const shown = wanted ? contacts.filter((contact) => matches(contact, wanted)) : contacts;
  $('contacts-empty').hidden = contacts.length > 0;
  $('contacts-unmatched').hidden = shown.length > 0 || contacts.length === 0;
  $('contacts').hidden = shown.length === 0;
  $('contacts-more').hidden = contactsTotal <= contacts.length;
  setText($('contacts-more'), `The newest ${contacts.length} of ${contactsTotal}.`);
  sync($('contacts'), shown, (contact) => contact.contact_id, makeContact, updateContact);
  const unseen = contacts.reduce((total, contact) => total + unseenIn(contact), 0);
  document.title = `${unseen > 0 ? `(${unseen}) ` : ''}Connect Chat simulator`;
  const selected = chat && document.getElementById(optionId(chat.id));
  if (selected) $('contacts').setAttribute('aria-activedescendant', selected.id);
  else $('contacts').removeAttribute('aria-activedescendant');
}

function makeContact(contact) {
  const open = () => {
    select(contact.contact_id);
    setView('chat');
  };
  return h(
    'li',
    { id: optionId(contact.contact_id), role: 'option', className: 'contact', onclick: open },
    h('span', { className: 'dot' }),
    h('span', { className: 'contact-name' }),
    h('span', { className: 'contact-when' }),
    h('span', { className: 'contact-state' }),
    h('span', { className: 'badge' }),
  );
}

function updateContact(node, contact) {
  const [dot, name, when, state, badge] = node.children;
  const [kind, sentence] = stateOf(contact);
  setData(dot, 'state', kind === 'ok' && contact.open_sockets === 0 ? 'warn' : kind);
  setText(name, contact.customer);
  const at = contact.ended?.at ?? active.get(contact.contact_id).at;
  setText(when, age(since(at)));
  const sockets = contact.ended
    ? ''
    : ` · ${contact.open_sockets ? plural(contact.open_sockets, 'socket') : 'no socket'}`;
  setText(state, sentence + sockets);
  const unseen = unseenIn(contact);
  badge.hidden = unseen === 0;
  setText(badge, unseen > 99 ? '99+' : unseen);
  badge.setAttribute('aria-label', `${unseen} new`);
  node.setAttribute('aria-selected', String(contact.contact_id === chat?.id));
}

function select(id) {
  if (chat?.id === id) return;
  if (chat) {
    drafts.set(chat.id, $('message').value);
    leftAt.set(chat.id, Date.now());
  }
  chat = id ? newChat(id) : null;
  history.replaceState(null, '', id ? `#${id}` : location.pathname);
  $('message').value = drafts.get(id) ?? '';
  fitMessage();
  $('transcript').replaceChildren();
  $('chat-body').hidden = true;
  $('chat-empty').hidden = id !== null;
  $('details-body').hidden = true;
  $('details-empty').hidden = id !== null;
  $('newest').hidden = true;
  showScope();
  if (id) seen.set(id, contacts.find((contact) => contact.contact_id === id)?.items ?? 0);
  showContacts();
  document.getElementById(optionId(id))?.scrollIntoView({ block: 'nearest' });
  hurry();
}

function moveInList(event) {
  const shown = [...$('contacts').children];
  const at = shown.findIndex((node) => node.dataset.key === chat?.id);
  const to = { ArrowDown: at + 1, ArrowUp: Math.max(at, 1) - 1, Home: 0, End: shown.length - 1 }[event.key];
  if (to !== undefined) {
    event.preventDefault();
    const node = shown[Math.min(to, shown.length - 1)];
    if (node) select(node.dataset.key);
  } else if (event.key === 'Enter' && chat) {
    event.preventDefault();
    answer();
  }
}

// ---------------------------------------------------------------- the selected chat

function showChat(read, fresh, first) {
  const { detail } = read;
  const live = !detail.ended;
  $('chat-body').hidden = false;
  $('details-body').hidden = false;
  setText($('chat-name'), detail.customer);
  const [kind, sentence] = stateOf(detail);
  setText($('chat-state'), sentence);
  setData($('chat-state'), 'state', kind);
  setText($('chat-id'), detail.current_contact_id);
  const agents = present(detail, 'AGENT').length;
  if (agents > 0) read.joining = null;
  $('act-join').hidden = agents > 0 || !live;
  for (const id of ['act-read', 'act-delivered', 'act-end', 'act-transfer']) $(id).disabled = !live;
  $('act-leave').disabled = !live || agents === 0;
  for (const control of $('composer').elements) control.disabled = !live;
  setData($('composer'), 'live', String(live));
  $('message').placeholder = live ? 'Answer as the agent' : 'This chat has ended.';

  showTranscript(read, fresh, first);
  showTyping(read);
  showDetails(detail);
}

function showTranscript(read, fresh, first) {
  const scroll = $('transcript-scroll');
  const atEnd = first || scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 60;
  let added = 0;
  for (const [item, index] of fresh) if (take(read, item, index, first)) added += 1;
  if (atEnd && !read.keepAll) forgetOldest(read);
  showReceipts(read);
  $('transcript-empty').hidden = read.entries.size > 0;
  $('earlier').hidden = firstIndex(read) === 0;
  if (atEnd) scroll.scrollTop = scroll.scrollHeight;
  else if (added > 0) $('newest').hidden = false;
}

/** Takes an item into the transcript; answers whether it was not there before. */
function take(read, item, index, quietly) {
  const event = eventName(item);
  if (event === 'typing') {
    read.typing.set(item.ParticipantId, item);
    return false;
  }
  if (item.Type === 'MESSAGEMETADATA') return false;
  const known = read.entries.get(item.Id);
  const entry = known ?? { chunks: [], whole: false, said: '' };
  entry.index ??= index;
  if (item.MessageMetadata?.MessageCompleted === false) {
    if (entry.whole) return false;
    entry.chunks[item.MessageMetadata.ChunkNumber] = item.Content;
    item = { ...item, Content: entry.chunks.join(''), AbsoluteTime: entry.item?.AbsoluteTime ?? item.AbsoluteTime };
  } else {
    entry.whole = true;
  }
  const said = JSON.stringify(item);
  if (entry.said === said) return false;
  entry.said = said;
  entry.item = item;
  const node = makeItem(item, !entry.whole);
  if (known) known.node.replaceWith(node);
  else place(node, item.AbsoluteTime);
  entry.node = node;
  entry.receipt = undefined;
  read.entries.set(item.Id, entry);
  if (item.Type !== 'EVENT' && read.typing.get(item.ParticipantId)?.AbsoluteTime < item.AbsoluteTime) {
    read.typing.delete(item.ParticipantId);
  }
  if (!quietly && entry.whole && item.ParticipantRole !== 'AGENT') announce(node.dataset.said);
  return !known;
}

/** Items are shown in the order of their time, in which they nearly always come. */
function place(node, time) {
  node.dataset.time = time;
  let after = $('transcript').lastElementChild;
  while (after && after.dataset.time > time) after = after.previousElementSibling;
  if (after) after.after(node);
  else $('transcript').prepend(node);
}

function firstIndex(read) {
  let first = Infinity;
  for (const { index } of read.entries.values()) if (index < first) first = index;
  return first === Infinity ? (read.transcript ?? 0) : first;
}

function forgetOldest(read) {
  while (read.entries.size > SHOWN) {
    const oldest = $('transcript').firstElementChild;
    read.entries.delete(oldest.dataset.id);
    oldest.remove();
  }
}

async function showEarlier() {
  const read = chat;
  const before = firstIndex(read);
  const after = Math.max(0, before - BACKLOG);
  const page = await get(contactPath(`/transcript?after=${after}`));
  if (chat !== read) return;
  read.keepAll = true;
  const scroll = $('transcript-scroll');
  const fromEnd = scroll.scrollHeight - scroll.scrollTop;
  page.items.slice(0, before - after).forEach((item, index) => take(read, item, after + index, true));
  $('earlier').hidden = firstIndex(read) === 0;
  scroll.scrollTop = scroll.scrollHeight - fromEnd;
}

const SIDES = { CUSTOMER: 'customer', AGENT: 'agent', SUPERVISOR: 'agent', SYSTEM: 'bot', CUSTOM_BOT: 'bot' };

function makeItem(item, growing) {
  const time = h('time', { textContent: clockTime(item.AbsoluteTime), title: item.AbsoluteTime });
  const who = item.DisplayName || ROLES[item.ParticipantRole] || 'Somebody';
  const data = { id: item.Id, time: item.AbsoluteTime };
  const event = eventName(item);
  if (event !== null) {
    const sentence = EVENTS[event]?.(who) ?? event;
    return h(
      'li',
      { className: 'event', data: { ...data, said: sentence } },
      h('span', { textContent: sentence }),
      time,
    );
  }
  const [body, said] = item.Type === 'ATTACHMENT' ? makeFile(item) : makeContent(item);
  const side = SIDES[item.ParticipantRole] ?? 'bot';
  const meta = h(
    'p',
    { className: 'meta' },
    h('span', { textContent: side === 'bot' ? withRole(who, item.ParticipantRole) : who }),
    time,
  );
  const status = item.MessageMetadata?.MessageProcessingStatus;
  if (status) meta.append(h('span', { className: 'chip', textContent: status.toLowerCase() }));
  if (growing) meta.append(h('span', { className: 'chip', textContent: 'streaming' }));
  meta.append(h('span', { className: 'receipt' }));
  const bubble = h('div', { className: 'bubble', data: growing ? { growing: '' } : {} }, body);
  return h('li', { className: 'message', data: { ...data, side, said: `${who}: ${said}` } }, bubble, meta);
}

function makeFile(item) {
  const files = item.Attachments ?? [];
  const rows = h('ul', { className: 'files' });
  for (const file of files) {
    const status = (file.Status ?? '').toLowerCase();
    const state = { approved: 'ok', rejected: 'bad' }[status] ?? 'warn';
    rows.append(
      h(
        'li',
        {},
        h('span', { className: 'file-name', textContent: file.AttachmentName }),
        h('span', { className: 'quiet', textContent: file.ContentType }),
        h('span', { className: 'chip', textContent: words(status), data: { state } }),
      ),
    );
  }
  return [rows, `file ${files.map((file) => file.AttachmentName).join(', ')}`];
}

function makeContent(item) {
  const content = item.Content ?? '';
  const text = () => h('p', { className: 'text', textContent: content });
  if (item.ContentType === 'text/plain') return [text(), content];
  if (item.ContentType === INTERACTIVE) {
    const card = makeInteractive(content);
    if (card) return card;
  }
  const tag = item.ContentType === `${INTERACTIVE}.response` ? 'interactive response' : item.ContentType;
  return [h('div', {}, h('span', { className: 'tag', textContent: tag }), text()), content];
}

/** An interactive message, so far as a person needs to recognise it; null if it cannot be read. */
function makeInteractive(text) {
  let message;
  try {
    message = JSON.parse(text);
  } catch {
    return null;
  }
  const content = message?.data?.content;
  if (!content || typeof content !== 'object') return null;
  const card = h('div', { className: 'card' }, h('span', { className: 'tag', textContent: message.templateType }));
  const line = (className, value) => {
    if (typeof value === 'string' && value) card.append(h('p', { className, textContent: value }));
  };
  line('card-title', content.title ?? content.viewId);
  line('quiet', content.subtitle);
  line('quiet', content.imageDescription ?? content.imageData);
  const choices = [...list(content.elements), ...list(content.timeslots), ...list(content.Actions)];
  if (choices.length > 0) {
    card.append(h('ul', { className: 'choices' }, ...choices.map((choice) => h('li', {}, choiceText(choice)))));
  }
  return [card, `${message.templateType} ${content.title ?? content.viewId ?? ''}`];
}

const list = (value) => (Array.isArray(value) ? value : []);

function choiceText(choice) {
  if (typeof choice === 'string') return choice;
  const inner = choice?.data?.content;
  if (inner)
    return `${inner.title ?? ''}: ${list(inner.elements)
      .map((one) => one?.title)
      .join(', ')}`;
  if (choice?.date) return new Date(choice.date).toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' });
  return String(choice?.title ?? JSON.stringify(choice));
}

function showReceipts(read) {
  const states = new Map();
  for (const { message_id: id, read: isRead } of read.detail.receipts) {
    if (isRead || !states.has(id)) states.set(id, isRead ? 'Read' : 'Delivered');
  }
  for (const [id, state] of states) {
    const entry = read.entries.get(id);
    if (!entry || entry.receipt === state) continue;
    entry.receipt = state;
    const node = entry.node.querySelector('.receipt');
    if (node) setText(node, state);
  }
}

function showTyping(read) {
  const names = [];
  for (const item of read.typing.values()) {
    const mine = item.ParticipantRole === 'AGENT' && Date.now() - typedAt < TYPING_SHOWN_MS;
    if (!mine && since(item.AbsoluteTime) < TYPING_SHOWN_MS) names.push(item.DisplayName);
  }
  const sentence = names.length > 0 ? `${names.join(' and ')} ${names.length > 1 ? 'are' : 'is'} typing …` : '';
  setText($('typing'), sentence);
}

// ---------------------------------------------------------------- details of the chat

function showDetails(detail) {
  $('sockets-empty').hidden = detail.sockets.length > 0;
  sync(
    $('sockets'),
    detail.sockets,
    (socket) => socket.socket,
    makeSocket,
    (node, socket) => updateSocket(node, socket, detail.participants),
  );
  const make = () => h('li', {}, h('span', { className: 'row-name' }), h('span', { className: 'chip' }));
  sync(
    $('people'),
    detail.participants,
    (one) => one.participant_id,
    make,
    (node, one) => {
      setText(node.firstChild, withRole(one.display_name, one.role));
      node.lastChild.hidden = one.role === 'SYSTEM';
      const [state, word] = presenceOf(one);
      setText(node.lastChild, word);
      setData(node.lastChild, 'state', state);
    },
  );
  showCounts('requests', detail.requests);
  const facts = [
    ['Contact', detail.current_contact_id],
    ['Started', `${clockTime(detail.started)}, ${age(since(detail.started))} ago`],
  ];
  if (detail.ended) facts.push(['Ended', `${words(detail.ended.reason)}, ${clockTime(detail.ended.at)}`]);
  if (detail.requests_after_end > 0) facts.push(['Requests after the end', detail.requests_after_end, 'warn']);
  if (detail.contact_ids.length > 1) facts.push(['Chain', detail.contact_ids.join(' → ')]);
  if (detail.continued_from) facts.push(['Continues', detail.continued_from]);
  if (detail.authentication_session) facts.push(['Authentication session', detail.authentication_session]);
  if (detail.streaming_id) facts.push(['Streaming', detail.streaming_id]);
  for (const { role, type, ms } of detail.timers) {
    facts.push([`${ROLES[role] ?? role} ${words(type).toLowerCase()} timer`, age(ms)]);
  }
  facts.push(['Instance', detail.instance_id], ['Items, published', `${detail.items}, ${detail.published}`]);
  syncPairs($('facts'), facts);
}

function presenceOf(participant) {
  if (participant.left) return ['ended', 'left'];
  return participant.present ? ['ok', 'present'] : ['idle', 'not connected'];
}

function showCounts(id, counts) {
  const pairs = Object.entries(counts)
    .filter(([, count]) => count > 0)
    .sort(([a], [b]) => a.localeCompare(b));
  $(`${id}-empty`).hidden = pairs.length > 0;
  syncPairs($(id), pairs);
}

function makeSocket() {
  return h(
    'li',
    { className: 'card socket' },
    h('p', { className: 'row-between' }, h('strong'), h('span', { className: 'chip' })),
    h('p', { className: 'pulse' }, h('span', { className: 'beat' }), h('span')),
    h('dl', { className: 'numbers' }),
  );
}

function subscriptionOf(socket) {
  if (socket.half_open) return ['bad', 'half-open'];
  return socket.subscribed ? ['ok', 'subscribed'] : ['warn', 'not subscribed'];
}

function heartbeatOf(socket) {
  const silent = since(socket.last_heartbeat ?? socket.opened);
  if (silent > HEARTBEAT_LATE_MS) {
    return [silent > HEARTBEAT_DEAD_MS ? 'bad' : 'warn', `No heartbeat for ${age(silent)}`];
  }
  return ['ok', socket.last_heartbeat ? `Heartbeat ${age(silent)} ago` : 'No heartbeat yet'];
}

function updateSocket(node, socket, participants) {
  const [head, pulse, numbers] = node.children;
  const owner = participants.find((one) => one.participant_id === socket.participant_id);
  setText(head.firstChild, `${owner?.display_name ?? 'Somebody'} · socket ${socket.socket}`);
  const [state, word] = subscriptionOf(socket);
  setText(head.lastChild, word);
  setData(head.lastChild, 'state', state);
  const [beat, sentence] = heartbeatOf(socket);
  setData(node, 'beat', beat);
  setText(pulse.lastChild, sentence);
  syncPairs(numbers, [
    ['Open for', age(since(socket.opened))],
    ['Expires in', age(-since(socket.expires))],
    ['Frames in', socket.frames_in],
    ['Frames out', socket.frames_out],
    ['Heartbeats', socket.heartbeats],
    ['Pings', socket.pings],
  ]);
}

// ---------------------------------------------------------------- faults

const OPERATIONS = [
  'CreateParticipantConnection',
  'SendMessage',
  'SendEvent',
  'GetTranscript',
  'DisconnectParticipant',
  'StartAttachmentUpload',
  'CompleteAttachmentUpload',
  'GetAttachment',
  'DescribeView',
  'GetAuthenticationUrl',
  'CancelParticipantAuthentication',
  'UploadAttachment',
  'DownloadAttachment',
  'StartChatContact',
  'StopContact',
  'CreateParticipant',
  'CreatePersistentContactAssociation',
  'StartContactStreaming',
  'StopContactStreaming',
  'UpdateParticipantRoleConfig',
];

const refusal =
  (status, error_type, message) =>
  ({ retry_after }) => ({
    answer: { status, error_type, message, ...(retry_after === null ? {} : { retry_after }) },
  });

/** One button: its words, what it does, its numbers (name, start value, unit), and the effect they make. */
const FAULTS = [
  {
    title: 'Requests',
    times: 3,
    requests: true,
    buttons: [
      ['429 Throttled', 'ThrottlingException', [], refusal(429, 'ThrottlingException', 'Rate exceeded')],
      ['403 Denied', 'AccessDeniedException', [], refusal(403, 'AccessDeniedException', 'Access denied')],
      ['500 Failed', 'InternalServerException', [], refusal(500, 'InternalServerException', 'Internal server error')],
      [
        '502 as HTML',
        'as a proxy answers',
        [],
        () => ({ answer_raw: { status: 502, content_type: 'text/html', body: '<h1>Bad gateway</h1>' } }),
      ],
      ['Drop', 'not done, never answered, cut', [], () => 'drop_request'],
      ['Lose the answer', 'done, never answered, cut', [], () => 'lose_response'],
      ['Answer late', 'done at once', [['by_ms', 2_000, 'ms']], ({ by_ms }) => ({ delay: { by_ms } })],
      ['Stall', 'never answered, stays open', [], () => 'stall'],
    ],
  },
  {
    title: 'Sockets, now',
    times: null,
    always: ['all', 'sockets'],
    buttons: [
      ['Cut', 'without a close frame', [], () => ({ cut_socket: { when: 'now' } })],
      ['Close', 'with a close frame', [['code', 1_001, 'code']], ({ code }) => ({ close_socket: { code } })],
      ['Half-open', 'open, but dead', [], () => 'half_open'],
      ['Not JSON', 'a frame of plain text', [], () => ({ raw_frame: { text: 'not json' } })],
      ['Garbage', 'a frame of random bytes', [['bytes', 200, 'bytes']], ({ bytes }) => ({ garbage_frame: { bytes } })],
      [
        'Oversized',
        'a very long frame',
        [['bytes', 200_000, 'bytes']],
        ({ bytes }) => ({ oversized_frame: { bytes } }),
      ],
    ],
  },
  {
    title: 'Heartbeats and subscriptions',
    times: null,
    buttons: [
      ['Mute heartbeats', 'not answered', [], () => 'mute_heartbeats'],
      ['Mute pings', 'not answered', [], () => 'mute_pings'],
      [
        'Bad pong',
        'pings answered with',
        [['status_code', 500, '']],
        ({ status_code }) => ({ bad_pong: { status_code, status_content: 'Internal error' } }),
      ],
      ['Mute subscribe', 'not answered', [], () => 'mute_subscribe'],
      ['Fail subscribe', 'answered with a failure', [], () => 'fail_subscribe'],
    ],
  },
  {
    title: 'Chat items on sockets',
    times: null,
    buttons: [
      ['Cut at an item', 'it does not get through', [], () => ({ cut_socket: { when: 'next_item' } })],
      ['Drop', 'they do not go out', [], () => 'drop_items'],
      ['Duplicate', 'they go out twice', [], () => 'duplicate_items'],
      [
        'Reorder',
        'one after the next',
        [['within_ms', 2_000, 'ms']],
        ({ within_ms }) => ({ reorder_items: { within_ms } }),
      ],
      ['Delay', 'they go out later', [['by_ms', 2_000, 'ms']], ({ by_ms }) => ({ delay_items: { by_ms } })],
    ],
  },
  {
    title: 'Handshakes',
    times: 1,
    buttons: [
      ['Refuse', 'with an HTTP error', [['status', 503, '']], ({ status }) => ({ refuse_handshake: { status } })],
      ['Stall', 'never answered', [], () => 'stall_handshake'],
    ],
  },
  {
    title: 'Credentials',
    times: 1,
    buttons: [
      [
        'Short URL',
        'refused when opened late',
        [['lifetime_ms', 1_000, 'ms']],
        ({ lifetime_ms }) => ({ short_url: { lifetime_ms } }),
      ],
      [
        'Short connection',
        'the socket expires',
        [['lifetime_ms', 5_000, 'ms']],
        ({ lifetime_ms }) => ({ short_connection: { lifetime_ms } }),
      ],
      [
        'Short token',
        'the connection token expires',
        [['lifetime_ms', 5_000, 'ms']],
        ({ lifetime_ms }) => ({ short_token: { lifetime_ms } }),
      ],
    ],
  },
];

const numberOf = (input) => (input.value.trim() === '' ? null : Number(input.value));

function numberField(label, value, unit, properties = {}) {
  const input = h('input', { type: 'number', min: '0', value: value ?? '', ...properties });
  const field = h('label', { className: 'unit' }, h('span', { className: 'unseen', textContent: label }), input, unit);
  return [field, input];
}

function makeFaultGroup({ title, times, always = ['∞', 'times'], requests, buttons }) {
  const [placeholder, unit] = always;
  const [timesField, timesInput] = numberField('At most', times, unit, {
    min: '1',
    placeholder,
    title: 'Empty: no limit',
  });
  const head = h('div', { className: 'row-between' }, h('h3', { textContent: title }), timesField);
  const group = h('div', { className: 'fault-group', role: 'group', 'aria-label': title }, head);
  const operation = h('select', { 'aria-label': 'Operation' });
  const [retryField, retryInput] = numberField('Retry-After in seconds', null, 's', { placeholder: '–' });
  if (requests) {
    operation.append(h('option', { value: '', textContent: 'Every operation' }));
    operation.append(...OPERATIONS.map((name) => h('option', { textContent: name })));
    operation.value = 'SendMessage';
    retryField.prepend('Retry-After ');
    group.append(h('div', { className: 'group-options' }, operation, retryField));
  }
  for (const [label, does, numbers, effect] of buttons) {
    const fields = numbers.map(([name, value, unit]) => [
      name,
      ...numberField(`${label}: ${words(name)}`, value, unit),
    ]);
    const inject = () => {
      const values = Object.fromEntries(fields.map(([name, , input]) => [name, numberOf(input)]));
      const retry_after = numberOf(retryInput);
      void injectFault({
        effect: effect({ ...values, retry_after }),
        ...(requests && operation.value ? { operation: operation.value } : {}),
        ...(numberOf(timesInput) === null ? {} : { times: numberOf(timesInput) }),
      });
    };
    const button = h('button', { type: 'button', className: 'button', textContent: label, onclick: inject });
    group.append(
      h(
        'div',
        { className: 'fault' },
        button,
        h('span', { className: 'hint', textContent: does }),
        ...fields.map(([, field]) => field),
      ),
    );
  }
  return group;
}

function injectFault(fault) {
  const scope = $('fault-options').elements.scope.value;
  if (scope === 'contact' && chat) fault.contact = chat.id;
  const chance = numberOf($('fault-chance'));
  if (chance !== null && chance !== 100) fault.probability = chance / 100;
  const after = numberOf($('fault-after'));
  if (after) fault.after_ms = after;
  return act(() => call('POST', '/faults', fault));
}

/** Without a selected chat, faults can only be for all. */
function showScope() {
  const [one, all] = $('fault-options').elements.scope;
  one.disabled = !chat;
  (chat ? one : all).checked = true;
}

function describeEffect(effect) {
  if (typeof effect === 'string') return words(effect);
  const [[name, values]] = Object.entries(effect);
  if (name === 'answer') {
    const wait = values.retry_after === undefined ? '' : `, Retry-After ${values.retry_after}`;
    return `${values.status} ${values.error_type}${wait}`;
  }
  const told = Object.entries(values).map(([key, value]) => (key.endsWith('_ms') ? `${value} ms` : String(value)));
  return `${words(name)} (${told.join(', ').slice(0, 60)})`;
}

function showFaults() {
  const newest = [...faults].sort((a, b) => b.fault - a.fault);
  const inForce = newest.filter((fault) => fault.active);
  const shown = [...inForce, ...newest.filter((fault) => !fault.active).slice(0, FAULTS_OVER)];
  $('faults-empty').hidden = inForce.length > 0;
  $('faults-clear').hidden = inForce.length === 0;
  sync($('fault-list'), shown, (fault) => fault.fault, makeFault, updateFault);
}

function makeFault(fault) {
  const clear = () => act(() => call('DELETE', `/faults/${fault.fault}`));
  const what = describeEffect(fault.definition.effect);
  return h(
    'li',
    { className: 'injected' },
    h('div', {}, h('p', { className: 'row-name', textContent: what }), h('p', { className: 'hint' })),
    h('span', { className: 'chip' }),
    h('button', {
      type: 'button',
      className: 'button small',
      textContent: 'Clear',
      'aria-label': `Clear ${what}`,
      onclick: clear,
    }),
  );
}

function updateFault(node, { active: isActive, struck, definition }) {
  const [text, chip, clear] = node.children;
  const where = contacts.find((contact) => contact.contact_id === definition.contact)?.customer;
  const parts = [definition.operation, definition.contact ? (where ?? definition.contact) : 'all chats'];
  if (definition.probability !== undefined && definition.probability !== 1)
    parts.push(`${definition.probability * 100} %`);
  if (definition.after_ms) parts.push(`after ${definition.after_ms} ms`);
  if (!isActive) parts.push('over');
  setText(text.lastChild, parts.filter(Boolean).join(' · '));
  setText(chip, `struck ${struck}${definition.times ? ` of ${definition.times}` : ''}`);
  const tone = struck > 0 ? 'bad' : 'warn';
  setData(chip, 'state', isActive ? tone : 'ended');
  setData(node, 'active', String(isActive));
  clear.hidden = !isActive;
}

// ---------------------------------------------------------------- the service

function showService() {
  const facts = [
    ['Version', service.version],
    ['Seed', service.seed],
    ['Now', service.now],
    ['Up', age(service.uptime_ms)],
    ['Chats', `${service.contacts}, ${service.live_contacts} live`],
    ['Script', service.script],
    ['Quotas', service.quotas ? 'on' : 'off'],
  ];
  if (sum(service.throttled) > 0) facts.push(['Throttled', counted(service.throttled), 'warn']);
  if (sum(service.faults_struck) > 0) facts.push(['Faults struck', counted(service.faults_struck)]);
  if (sum(service.cut_off) > 0) facts.push(['Cut off', counted(service.cut_off), 'warn']);
  syncPairs($('service-facts'), facts);
  showCounts('all-requests', service.requests);
}

const counted = (counts) =>
  Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${words(name)} ${count}`)
    .join(', ');

/** Settings and scripts are read when their panel is opened and after a change, not all the time. */
async function readSettings() {
  const [settings, scripts, script] = await Promise.all([get('/settings'), get('/scripts'), get('/script')]);
  showSettings(settings);
  const ready = scripts.ready.map((name) => h('option', { value: name, textContent: name }));
  if ($('script-ready').childElementCount === 0) {
    $('script-ready').append(...ready);
    $('script-ready').value = String(service.script ?? '').split('=')[0];
    showRate();
  }
  if (document.activeElement !== $('script-text')) $('script-text').value = JSON.stringify(script, null, 2);
}

function showSettings(settings) {
  const make = ([name, value]) => {
    const type = { boolean: 'checkbox', string: 'text' }[typeof value] ?? 'number';
    const input = h('input', { type, name, min: type === 'number' ? '0' : '' });
    input.addEventListener('change', () => changeSetting(input));
    const unit = name.endsWith('_ms') ? 'ms' : '';
    const label = h('span', {}, h('code', { textContent: name.replace(/_ms$/, '') }), h('span', { className: 'hint' }));
    return h('label', {}, label, h('span', { className: 'unit' }, input, unit));
  };
  sync(
    $('settings'),
    Object.entries(settings),
    ([name]) => name,
    make,
    (node, [name, value]) => {
      const input = $('settings').elements[name] ?? node.querySelector('input');
      if (input.type === 'checkbox') input.checked = value;
      else if (document.activeElement !== input) input.value = value ?? '';
      const inWords = name.endsWith('_ms') && value >= 60_000 ? age(value) : '';
      setText(node.querySelector('.hint'), value === null ? 'off' : inWords);
    },
  );
}

async function changeSetting(input) {
  const values = { checkbox: () => input.checked, number: () => numberOf(input), text: () => input.value };
  const value = values[input.type]();
  await act(() => call('PATCH', '/settings', { [input.name]: value }));
  await act(readSettings);
}

const showRate = () => ($('script-rate-field').hidden = $('script-ready').value !== 'chatterbox');

async function useScript(script) {
  if (await act(() => call('PUT', '/script', script))) await act(readSettings);
}

// ---------------------------------------------------------------- what a person does

let typedAt = 0;

const TEMPLATES = [
  ['Text', () => ({ content: messageOr('This is the flow speaking.'), content_type: 'text/plain' })],
  ['Streamed text', null],
  [
    'Markdown',
    () => ({
      content: messageOr('**Opening hours**\n\n- Monday to Friday\n- [Map](https://example.com/map)'),
      content_type: 'text/markdown',
    }),
  ],
  [
    'Quick reply',
    () =>
      interactive('QuickReply', {
        title: 'What is it about?',
        elements: [{ title: 'An order' }, { title: 'A bill' }, { title: 'Something else' }],
      }),
  ],
  [
    'List picker',
    () =>
      interactive(
        'ListPicker',
        {
          title: 'Which boat?',
          subtitle: 'Pick one',
          elements: [
            { title: 'Dinghy', subtitle: '2 seats' },
            { title: 'Ferry', subtitle: '300 seats' },
          ],
        },
        { templateIdentifier: 'boats' },
      ),
  ],
  [
    'Time picker',
    () =>
      interactive('TimePicker', {
        title: 'When shall we call?',
        timeslots: [9, 11, 14].map((hour) => ({
          date: `2030-01-02T${String(hour).padStart(2, '0')}:00+00:00`,
          duration: 1_800,
        })),
      }),
  ],
  [
    'Panel',
    () =>
      interactive('Panel', {
        title: 'How can we help?',
        subtitle: 'Choose a subject',
        elements: [{ title: 'Fares' }, { title: 'Lost property' }],
      }),
  ],
  [
    'Carousel',
    () =>
      interactive('Carousel', {
        title: 'Trips',
        elements: ['North', 'South'].map((title, at) => ({
          templateIdentifier: `trip-${at}`,
          templateType: 'Panel',
          version: '1.0',
          data: {
            content: {
              title,
              elements: [{ title: 'Book' }, { title: 'More', type: 'hyperlink', url: 'https://example.com/' }],
            },
          },
        })),
      }),
  ],
  ['View', null],
];

const interactive = (templateType, content, more = {}) => ({
  content: JSON.stringify({ templateType, version: '1.0', ...more, data: { content } }),
  content_type: INTERACTIVE,
});

const EVENT_NAMES = [
  'participant_idle',
  'participant_returned',
  'participant_invited',
  'auto_disconnection',
  'display_name_updated',
  'authentication_initiated',
  'authentication_succeeded',
  'authentication_failed',
  'authentication_timeout',
  'authentication_expired',
  'authentication_cancelled',
  'chat_rehydrated',
  'transfer_succeeded',
  'transfer_failed',
];

const SAMPLE =
  'A bot can think aloud: this message comes in pieces, one after the other, and then once more as a whole.';

/** What is written in the composer, which is taken, or something to begin with. */
function messageOr(otherwise) {
  const written = $('message').value.trim();
  if (written) clearMessage();
  return written || otherwise;
}

function clearMessage() {
  $('message').value = '';
  drafts.delete(chat?.id);
  fitMessage();
}

function fitMessage() {
  const area = $('message');
  area.style.height = 'auto';
  area.style.height = `${Math.min(area.scrollHeight + 2, 160)}px`;
}

const agentName = () => $('agent-name').value.trim() || 'Agent';

/** What the agent does; an agent with the person's own name joins first if none is there. */
async function asAgent(what, body, contentType) {
  const path = contactPath('/agent/');
  await join();
  return call('POST', path + what, body, contentType);
}

/** Typing and sending follow each other closely, but only one agent joins. */
function join() {
  const joins = chat;
  if (present(joins.detail, 'AGENT').length > 0) return null;
  joins.joining ??= call('POST', contactPath('/agent/join'), { display_name: agentName() }).catch((problem) => {
    joins.joining = null;
    throw problem;
  });
  return joins.joining;
}

async function sendMessage() {
  const content = $('message').value;
  if (!chat || content.trim() === '') return;
  const id = chat.id;
  clearMessage();
  if (await act(() => asAgent('message', { content }))) return;
  // What could not be sent is not lost.
  if (chat?.id === id && $('message').value === '') $('message').value = content;
  else drafts.set(id, content);
  fitMessage();
}

async function sendTyping() {
  fitMessage();
  if ($('message').value === '' || !chat?.detail || Date.now() - typedAt < TYPING_EVERY_MS) return;
  typedAt = Date.now();
  await act(() => asAgent('typing', {}));
}

async function sendFile() {
  const [file] = $('file').files;
  $('file').value = '';
  if (!file) return;
  const type = file.type || 'application/octet-stream';
  await act(() => asAgent(`attachment?name=${encodeURIComponent(file.name)}`, file, type));
}

function sendReceipt(kind) {
  let latest = null;
  for (const { item } of chat.entries.values()) {
    if (item.Type !== 'MESSAGE' || item.ParticipantRole !== 'CUSTOMER') continue;
    if (!latest || item.AbsoluteTime > latest.AbsoluteTime) latest = item;
  }
  return act(async () => {
    if (!latest) throw new Error('There is no message of the customer.');
    return asAgent(kind, { message_id: latest.Id });
  });
}

function sendTemplate(label, make) {
  if (label === 'Streamed text') {
    const chunks = messageOr(SAMPLE).match(/\S+\s*/g);
    return act(() => call('POST', contactPath('/bot/stream'), { chunks, every_ms: STREAM_EVERY_MS }));
  }
  if (label === 'View') {
    const view = { id: 'contact-form', name: 'Contact form', actions: ['Submit', 'Cancel'] };
    return act(() => call('POST', contactPath('/bot/view'), view));
  }
  return act(() => call('POST', contactPath('/bot/message'), make()));
}

async function sendEvent(event) {
  let name = event;
  if (event === 'display_name_updated') {
    const to = await ask({
      title: 'New display name',
      label: 'Name of the customer',
      value: chat.detail.customer,
      yes: 'Publish',
    });
    if (to === null) return;
    name = { display_name_updated: to };
  }
  await act(() => call('POST', contactPath('/events'), { name }));
}

async function transfer() {
  const to_agent = await ask({ title: 'Transfer', label: 'Name of the other agent', value: 'Kim', yes: 'Transfer' });
  if (to_agent !== null) await act(() => call('POST', contactPath('/transfer'), { to_agent }));
}

async function endChat() {
  const sure = await ask({
    title: 'End this chat?',
    text: 'Its sockets are closed soon after. It cannot be taken back.',
    yes: 'End chat',
  });
  if (sure !== null) await act(() => call('POST', contactPath('/end'), {}));
}

/** Asks for a text, or only whether to go on; null when the person does not want to. */
function ask({ title, text: explanation = '', label = null, value = '', yes }) {
  setText($('ask-title'), title);
  setText($('ask-text'), explanation);
  $('ask-text').hidden = explanation === '';
  $('ask-field').hidden = label === null;
  setText($('ask-label'), label ?? '');
  $('ask-input').required = label !== null;
  $('ask-input').value = value;
  setText($('ask-yes'), yes);
  const dialog = $('ask');
  dialog.returnValue = '';
  dialog.showModal();
  (label === null ? $('ask-yes') : $('ask-input')).focus();
  return new Promise((resolve) => {
    const close = () => resolve(dialog.returnValue === 'yes' ? $('ask-input').value : null);
    dialog.addEventListener('close', close, { once: true });
  });
}

// ---------------------------------------------------------------- views and keys

const PANELS = ['details', 'faults', 'service'];

function setView(view) {
  document.body.dataset.view = view;
  if (PANELS.includes(view)) document.body.dataset.panel = view;
  if (document.body.dataset.panel === 'service') void act(readSettings);
  showView();
}

function showView() {
  const { view, panel } = document.body.dataset;
  const current = WIDE.matches ? panel : view;
  for (const button of document.querySelectorAll('.views button')) {
    button.setAttribute('aria-current', String(button.dataset.view === current));
  }
}

function answer() {
  setView('chat');
  $('message').focus();
}

function showPanel(panel) {
  setView(panel);
  document.querySelector(`.views [data-view=${panel}]`).focus();
}

function listOfChats() {
  setView('chats');
  ($('contacts').hidden ? $('filter') : $('contacts')).focus();
}

const SHORTCUTS = {
  '?': () => $('help').showModal(),
  '/': () => {
    setView('chats');
    $('filter').focus();
  },
  l: listOfChats,
  r: () => chat && answer(),
  n: () => $('new-customer').click(),
  d: () => showPanel('details'),
  f: () => showPanel('faults'),
  s: () => showPanel('service'),
};

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) return;
  if (event.key === 'Escape') return leave();
  const writes = event.target.matches('textarea, select, input:not([type=checkbox], [type=radio])');
  const shortcut = Object.hasOwn(SHORTCUTS, event.key) ? SHORTCUTS[event.key] : null;
  if (writes || !shortcut || !$('shortcuts').checked) return;
  event.preventDefault();
  shortcut();
}

/** Escape closes what is open, the innermost first, and then goes back to the list. */
function leave() {
  const menu = document.querySelector('details.menu[open]');
  if (menu) {
    menu.open = false;
    menu.querySelector('summary').focus();
  } else if (!$('toast').hidden) {
    $('toast').hidden = true;
  } else if (document.activeElement === $('filter') && $('filter').value) {
    $('filter').value = '';
    showContacts();
  } else {
    listOfChats();
  }
}

function closeMenus(except) {
  for (const menu of document.querySelectorAll('details.menu[open]')) if (menu !== except) menu.open = false;
}

const on = (id, event, work) => $(id).addEventListener(event, work);
const onClick = (id, work) => on(id, 'click', work);
const onSubmit = (id, work) =>
  on(id, 'submit', (event) => {
    event.preventDefault();
    void work();
  });

function start() {
  setText($('endpoint'), location.origin);
  for (const group of FAULTS) $('fault-groups').append(makeFaultGroup(group));
  for (const [label, make] of TEMPLATES) {
    $('templates').append(
      h('button', { type: 'button', textContent: label, onclick: () => void sendTemplate(label, make) }),
    );
  }
  for (const name of EVENT_NAMES) {
    $('events').append(h('button', { type: 'button', textContent: words(name), onclick: () => void sendEvent(name) }));
  }
  $('agent-name').value = remembered('agent-name', 'Jo');
  $('shortcuts').checked = remembered('shortcuts', 'true') === 'true';

  for (const button of document.querySelectorAll('.views button')) {
    button.addEventListener('click', () => setView(button.dataset.view));
  }
  WIDE.addEventListener('change', showView);
  document.addEventListener('keydown', onKey);
  document.addEventListener('visibilitychange', hurry);
  document.addEventListener('click', (event) => {
    const menu = event.target.closest('details.menu');
    closeMenus(event.target.closest('.menu-panel button') ? null : menu);
  });

  onClick('help-open', () => $('help').showModal());
  on('shortcuts', 'change', () => remember('shortcuts', $('shortcuts').checked));
  on('filter', 'input', showContacts);
  on('filter', 'keydown', (event) => event.key === 'ArrowDown' && $('contacts').focus());
  on('contacts', 'keydown', moveInList);
  onClick('earlier', () => act(showEarlier));
  onClick('newest', () => ($('transcript-scroll').scrollTop = $('transcript-scroll').scrollHeight));
  on('transcript-scroll', 'scroll', () => {
    const scroll = $('transcript-scroll');
    if (scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 60) $('newest').hidden = true;
  });

  onSubmit('composer', sendMessage);
  on('message', 'input', sendTyping);
  on('message', 'keydown', (event) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    void sendMessage();
  });
  on('agent-name', 'change', () => remember('agent-name', agentName()));
  onClick('act-join', () => act(join));
  onClick('act-read', () => sendReceipt('read'));
  onClick('act-delivered', () => sendReceipt('delivered'));
  onClick('act-leave', () => act(() => call('POST', contactPath('/agent/leave'), {})));
  onClick('act-transfer', transfer);
  onClick('act-end', endChat);
  onClick('act-file', () => $('file').click());
  on('file', 'change', sendFile);

  onClick('faults-clear', () => act(() => call('DELETE', '/faults')));
  on('fault-options', 'submit', (event) => event.preventDefault());
  onSubmit('clock', () =>
    act(() => call('POST', '/clock', { advance_ms: Math.round($('clock-amount').value * $('clock-unit').value) })),
  );
  on('script-ready', 'change', showRate);
  onSubmit('script', () => {
    const ready = $('script-ready').value;
    return useScript({ ready: ready === 'chatterbox' ? `chatterbox=${$('script-rate').value}` : ready });
  });
  onSubmit('script-json', async () => {
    const script = await act(() => JSON.parse($('script-text').value));
    if (script) await useScript(script);
  });
  onClick('toast-close', () => ($('toast').hidden = true));
  onClick('ask-no', () => $('ask').close(''));
  on('settings', 'submit', (event) => event.preventDefault());

  showScope();
  showView();
  if (location.hash.length > 1) select(location.hash.slice(1));
  hurry();
}

start();
