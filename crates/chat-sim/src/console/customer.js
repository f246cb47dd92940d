// The customer's side of a chat, on ChatJS: what a chat widget does, and nothing else.
'use strict';

const TYPING_SHOWN_MS = 11_000;
const RECEIPTS_EVERY_MS = 1_000;
const PAGE = 100;
const EVENT_PREFIX = 'application/vnd.amazonaws.connect.event.';
const INTERACTIVE = 'application/vnd.amazonaws.connect.message.interactive';
const RESPONSE = `${INTERACTIVE}.response`;
const TYPES = ['text/plain', 'text/markdown', 'application/json', INTERACTIVE, RESPONSE];
const REGION = 'us-west-2';
const NAMES = ['Ana', 'Ben', 'Chidi', 'Dana', 'Emre', 'Fatima', 'Greta', 'Hiro', 'Ines', 'Jonas', 'Kavya', 'Lea'];

const $ = (id) => document.getElementById(id);

/** An element. Strings become text nodes, so nothing that people write is ever read as HTML. */
function h(name, properties = {}, ...children) {
  const node = Object.assign(document.createElement(name), properties);
  node.append(...children);
  return node;
}

const list = (value) => (Array.isArray(value) ? value : []);
const clockTime = (timestamp) => new Date(timestamp).toLocaleTimeString([], { hour12: false });

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** What ChatJS rejects with is sometimes an object, sometimes a text. */
function reason(problem) {
  const cause = problem?._debug ?? problem;
  if (typeof cause === 'string') return cause;
  const what = [cause?.statusCode, cause?.type].filter(Boolean).join(' ');
  return [what, cause?.message].filter(Boolean).join(': ') || String(cause);
}

function tell(problem) {
  $('problem').hidden = problem === null;
  if (problem !== null) $('problem').textContent = problem;
}

// ---------------------------------------------------------------- the chat

let session = null;
let me = null;
/** What is shown, by id of the item. */
const entries = new Map();
/** How far receipts have come, by id of the message. */
const receipts = new Map();
const typing = new Map();
let ended = false;
let isBehind = false;
let catchingUp = null;
let unread = null;

async function start(displayName) {
  const response = await fetch('/contact/chat', {
    method: 'PUT',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({
      InstanceId: 'local',
      ContactFlowId: 'flow',
      ParticipantDetails: { DisplayName: displayName },
      SupportedMessagingContentTypes: TYPES,
    }),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(`${response.status} ${answer.Message ?? answer.message ?? ''}`);
  // The page can be loaded again, and goes on with the same chat.
  const details = {
    contact_id: answer.ContactId,
    participant_id: answer.ParticipantId,
    participant_token: answer.ParticipantToken,
  };
  history.replaceState(null, '', `#${new URLSearchParams(details)}`);
  await open(details);
}

async function open({ contact_id: contactId, participant_id: participantId, participant_token: participantToken }) {
  $('welcome').hidden = true;
  $('desk').hidden = false;
  me = participantId;
  connect.ChatSession.setGlobalConfig({
    endpoint: location.origin,
    region: REGION,
    loggerConfig: {},
    features: { messageReceipts: { shouldSendMessageReceipts: true, throttleTime: RECEIPTS_EVERY_MS } },
  });
  session = connect.ChatSession.create({
    chatDetails: { contactId, participantId, participantToken },
    options: { region: REGION },
    type: connect.ChatSession.SessionTypes.CUSTOMER,
    // Its metrics would go to the real service.
    disableCSM: true,
  });
  listen();
  showLine('connecting', 'Connecting …');
  try {
    await session.connect();
    $('message').focus();
  } catch (problem) {
    showLine('broken', 'Could not connect');
    tell(reason(problem));
  }
}

function listen() {
  session.onConnectionEstablished((event) => {
    // ChatJS says so twice; the first time, the socket is not open yet.
    if (event.connectSuccess) return;
    showLine('established', 'Connected');
    isBehind = true;
    catchUp();
  });
  session.onConnectionLost(() => showLine('lost', 'Connection lost. Reconnecting …'));
  session.onConnectionBroken(() => ended || showLine('broken', 'Connection failed. Load this page again to go on.'));
  session.onDeepHeartbeatFailure(() => ended || showLine('lost', 'The service does not answer.'));
  session.onDeepHeartbeatSuccess(() => {
    if (!ended) showLine('established', 'Connected');
    // The first answer on a socket comes after its subscription: nothing is missed from here on.
    if (isBehind) catchUp();
    isBehind = false;
  });
  session.onMessage(({ data }) => take(data));
  session.onParticipantIdle(({ data }) => take(data));
  session.onParticipantReturned(({ data }) => take(data));
  session.onParticipantInvited(({ data }) => take(data));
  session.onAutoDisconnection(({ data }) => take(data));
  session.onParticipantDisplayNameUpdated(({ data }) => take(data));
  session.onChatRehydrated(({ data }) => take(data));
  session.onTyping(({ data }) => showTyping(data));
  session.onDeliveredReceipt(({ data }) => takeReceipts(data));
  session.onReadReceipt(({ data }) => takeReceipts(data));
  session.onAuthenticationInitiated(({ data }) => authenticate(data));
  for (const over of ['Successful', 'Failed', 'Timeout', 'Expired', 'Canceled']) {
    session[`onAuthentication${over}`](({ data }) => {
      $('authentication').hidden = true;
      take(data);
    });
  }
  session.onEnded(() => {
    ended = true;
    showLine('ended', 'Chat ended');
    $('end').hidden = true;
    $('composer').hidden = true;
    $('authentication').hidden = true;
    $('over').hidden = false;
    clearTyping();
  });
}

function showLine(state, text) {
  $('line').dataset.state = state;
  if ($('line-text').textContent !== text) $('line-text').textContent = text;
}

/** Reads what was said while no socket was there, back to what is known. */
function catchUp() {
  catchingUp = (catchingUp ?? Promise.resolve()).then(readBack).catch((problem) => ended || tell(reason(problem)));
}

async function readBack() {
  const known = new Set(entries.keys());
  let nextToken;
  do {
    const { data } = await session.getTranscript({
      maxResults: PAGE,
      sortOrder: 'DESCENDING',
      scanDirection: 'BACKWARD',
      ...(nextToken ? { nextToken } : {}),
    });
    const items = list(data.Transcript);
    items.forEach((item) => take(item));
    nextToken = items.some((item) => known.has(item.Id)) ? null : data.NextToken;
  } while (nextToken);
}

// ---------------------------------------------------------------- items

const EVENTS = {
  'participant.joined': (who) => `${who} joined`,
  'participant.left': (who) => `${who} left`,
  'participant.idle': (who) => `${who} is idle`,
  'participant.returned': (who) => `${who} is back`,
  'participant.invited': (who) => `${who} was invited`,
  'participant.autodisconnection': (who) => `${who} was away for too long`,
  'participant.displayname.updated': (who) => `The name is now ${who}`,
  'chat.ended': () => 'Chat ended',
  'chat.rehydrated': () => 'This chat continues an earlier one',
  'transfer.succeeded': () => 'You were transferred',
  'transfer.failed': () => 'The transfer failed',
  'authentication.initiated': () => 'You were asked to sign in',
  'authentication.succeeded': () => 'You signed in',
  'authentication.failed': () => 'Signing in failed',
  'authentication.timeout': () => 'Signing in took too long',
  'authentication.expired': () => 'The sign-in link expired',
  'authentication.cancelled': () => 'You did not sign in',
};

function take(item) {
  if (!item) return;
  if (item.Type === 'MESSAGEMETADATA') {
    takeReceipts(item);
    return;
  }
  const id = item.Id || crypto.randomUUID();
  const time = item.AbsoluteTime || new Date().toISOString();
  const said = JSON.stringify(item);
  const known = entries.get(id);
  if (known?.said === said) return;
  // A message that came as chunks is not taken apart again by a late one.
  if (known?.isWhole && item.MessageMetadata?.MessageCompleted === false) return;
  const entry = { said, time, isWhole: item.MessageMetadata?.MessageCompleted !== false, node: makeItem(item, time) };
  entries.set(id, entry);
  if (known) known.node.replaceWith(entry.node);
  else place(entry);
  if (item.ParticipantId === me) {
    showStatus(id);
  } else if (item.Type === 'MESSAGE') {
    clearTyping(item.ParticipantId);
    if (entry.isWhole) acknowledge(id);
  }
  if (item.ParticipantRole === 'AGENT' && item.DisplayName) $('title').textContent = item.DisplayName;
}

/** Items are shown in the order of their time; what is not sent yet stays at the end. */
function place(entry) {
  $('nothing').hidden = true;
  entry.node.dataset.time = entry.time;
  let after = $('transcript').lastElementChild;
  while (after && after.dataset.time > entry.time) after = after.previousElementSibling;
  if (after) after.after(entry.node);
  else $('transcript').prepend(entry.node);
}

/** Who reads at the end stays at the end, whatever grows there. */
function keepAtEnd() {
  const scroll = $('scroll');
  let atEnd = true;
  scroll.addEventListener('scroll', () => {
    atEnd = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 80;
  });
  const observer = new ResizeObserver(() => {
    if (atEnd) scroll.scrollTop = scroll.scrollHeight;
  });
  observer.observe(scroll);
  observer.observe($('transcript'));
}

function makeItem(item, time) {
  const when = h('time', { textContent: clockTime(time), title: time });
  if (item.ContentType?.startsWith(EVENT_PREFIX)) {
    const name = item.ContentType.slice(EVENT_PREFIX.length);
    const who = item.ParticipantId === me ? 'You' : item.DisplayName || 'Somebody';
    const sentence = EVENTS[name]?.(who) ?? name;
    return h(
      'li',
      { className: 'event' },
      h('span', { textContent: sentence.replace('You is', 'You are').replace('You was', 'You were') }),
      when,
    );
  }
  const body = item.Type === 'ATTACHMENT' ? makeFiles(item) : makeContent(item);
  return makeBubble(item.ParticipantId === me ? 'me' : item.ParticipantRole, item.DisplayName, body, when);
}

function makeBubble(from, name, body, when) {
  const isMine = from === 'me';
  const meta = h(
    'p',
    { className: 'meta' },
    h('span', { textContent: isMine ? '' : (name ?? '') }),
    when,
    h('span', { className: 'receipt' }),
  );
  const node = h('li', { className: 'message' }, h('div', { className: 'bubble' }, body), meta);
  node.dataset.side = isMine ? 'me' : from === 'AGENT' || from === 'SUPERVISOR' ? 'other' : 'bot';
  node.dataset.far = '';
  return node;
}

function makeFiles(item) {
  const download = async ({ AttachmentId: attachmentId, AttachmentName: name }) => {
    try {
      const url = URL.createObjectURL(await session.downloadAttachment({ attachmentId }));
      h('a', { href: url, download: name }).click();
      URL.revokeObjectURL(url);
    } catch (problem) {
      tell(`${name}: ${reason(problem)}`);
    }
  };
  const files = list(item.Attachments).map((file) => {
    const name = file.AttachmentName;
    const chip = h('span', { className: 'chip', textContent: (file.Status ?? '').toLowerCase().replace('_', ' ') });
    if (file.Status !== 'APPROVED') return h('li', {}, h('span', { className: 'file-name', textContent: name }), chip);
    return h(
      'li',
      {},
      h('button', {
        type: 'button',
        className: 'link',
        textContent: name,
        title: 'Download',
        onclick: () => void download(file),
      }),
    );
  });
  return h('ul', { className: 'files' }, ...files);
}

function makeContent(item) {
  const content = item.Content ?? '';
  const text = h('p', { className: 'text', textContent: content });
  if (item.ContentType === 'text/plain' || item.ContentType === 'text/markdown') return text;
  if (item.ContentType === INTERACTIVE) return makeInteractive(parsed(content)) ?? text;
  if (item.ContentType === RESPONSE) {
    const answer = parsed(content);
    return h('p', { className: 'text', textContent: answer?.selectionText ?? answer?.action ?? content });
  }
  return h('div', {}, h('span', { className: 'tag', textContent: item.ContentType }), text);
}

// ---------------------------------------------------------------- interactive messages

/** Choices of an interactive message as buttons; null if it cannot be read. */
function makeInteractive(message) {
  const content = message?.data?.content;
  if (!content || typeof content !== 'object') return null;
  const card = h('div', { className: 'card' });
  const line = (className, value) =>
    typeof value === 'string' && value && card.append(h('p', { className, textContent: value }));
  line('card-title', content.title);
  line('quiet', content.subtitle);
  line('quiet', content.imageDescription);
  if (message.templateType === 'ViewResource') {
    void showView(card, content);
    return card;
  }
  if (message.templateType === 'Carousel') {
    const parts = list(content.elements).map((element) => {
      const inner = element?.data?.content ?? {};
      const reply = (selectionText) =>
        say(
          JSON.stringify({ templateIdentifier: element.templateIdentifier, listTitle: inner.title, selectionText }),
          RESPONSE,
        );
      return h(
        'div',
        {},
        h('p', { className: 'card-title', textContent: inner.title ?? '' }),
        choices(list(inner.elements), reply),
      );
    });
    card.append(h('div', { className: 'carousel' }, ...parts));
    return card;
  }
  const slots = list(content.timeslots).map((slot) => ({
    title: new Date(slot?.date).toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' }),
    reply: String(slot?.date),
  }));
  card.append(choices([...list(content.elements), ...slots], (title) => say(title, 'text/plain')));
  return card;
}

function choices(elements, reply) {
  const row = h('div', { className: 'choices' });
  for (const element of elements) {
    const title = String(element?.title ?? '');
    const label = element?.subtitle ? `${title} (${element.subtitle})` : title;
    if (element?.type === 'hyperlink') {
      const url = URL.canParse(element.url) ? new URL(element.url) : null;
      if (!['http:', 'https:'].includes(url?.protocol)) continue;
      row.append(
        h('a', {
          className: 'button',
          href: url.href,
          target: '_blank',
          rel: 'noopener noreferrer',
          textContent: label,
        }),
      );
      continue;
    }
    const choose = async () => {
      if (await reply(element.reply ?? title))
        for (const button of row.querySelectorAll('button')) button.disabled = true;
    };
    row.append(h('button', { type: 'button', className: 'button', textContent: label, onclick: choose }));
  }
  return row;
}

/** A view: its name, and its actions as buttons. */
async function showView(card, { viewToken }) {
  try {
    const { data } = await session.describeView({ viewToken });
    const reply = (action) =>
      say(JSON.stringify({ templateType: 'ViewResource', version: '1.0', action, data: {} }), RESPONSE);
    const actions = list(data.View?.Content?.Actions).map((title) => ({ title }));
    card.append(h('p', { className: 'card-title', textContent: data.View?.Name ?? 'View' }), choices(actions, reply));
  } catch (problem) {
    card.append(h('p', { className: 'quiet', textContent: `This view cannot be shown: ${reason(problem)}` }));
  }
}

// ---------------------------------------------------------------- what the customer does

/** Sends a message and shows how far it has come; answers whether the service took it. */
async function say(content, contentType) {
  const now = new Date();
  const body = makeContent({ Content: content, ContentType: contentType });
  const node = makeBubble('me', null, body, h('time', { textContent: clockTime(now) }));
  const entry = { node, time: '9999' };
  place(entry);
  $('scroll').scrollTop = $('scroll').scrollHeight;
  return send(entry, { message: content, contentType, clientToken: crypto.randomUUID() });
}

async function send(entry, message) {
  const status = entry.node.querySelector('.receipt');
  entry.node.classList.remove('failed');
  status.replaceChildren('Sending …');
  try {
    const { data } = await session.sendMessage(message);
    // The same message may have come back on the socket before the answer.
    entry.node.remove();
    if (!entries.has(data.Id)) {
      entry.time = data.AbsoluteTime;
      entries.set(data.Id, entry);
      place(entry);
    }
    showStatus(data.Id);
    return true;
  } catch (problem) {
    entry.node.classList.add('failed');
    const retry = h('button', {
      type: 'button',
      className: 'link',
      textContent: 'Try again',
      onclick: () => void send(entry, message),
    });
    status.replaceChildren(`Not sent: ${reason(problem)}. `, retry);
    return false;
  }
}

function showStatus(id) {
  const status = entries.get(id)?.node.querySelector('.receipt');
  if (status) status.textContent = ['Sent', 'Delivered', 'Read'][receipts.get(id) ?? 0];
}

function takeReceipts(item) {
  const metadata = item.MessageMetadata;
  for (const receipt of list(metadata?.Receipts)) {
    if (receipt.RecipientParticipantId === me) continue;
    const level = receipt.ReadTimestamp ? 2 : receipt.DeliveredTimestamp ? 1 : 0;
    receipts.set(metadata.MessageId, Math.max(level, receipts.get(metadata.MessageId) ?? 0));
    if (entries.has(metadata.MessageId)) showStatus(metadata.MessageId);
  }
}

/** ChatJS decides which receipts go out; what comes of one that does not matters to nobody. */
function sendReceipt(kind, messageId) {
  const contentType = `${EVENT_PREFIX}message.${kind}`;
  session.sendEvent({ contentType, content: JSON.stringify({ messageId }) }).catch(() => {});
}

function acknowledge(id) {
  sendReceipt('delivered', id);
  if (document.hidden) unread = id;
  else sendReceipt('read', id);
}

function showTyping({ ParticipantId: id, DisplayName: name }) {
  if (id === me) return;
  clearTimeout(typing.get(id)?.timer);
  typing.set(id, { name, timer: setTimeout(() => clearTyping(id), TYPING_SHOWN_MS) });
  showTypists();
}

function clearTyping(id) {
  if (id === undefined) typing.clear();
  else typing.delete(id);
  showTypists();
}

function showTypists() {
  const names = [...typing.values()].map(({ name }) => name || 'Somebody');
  $('typing').textContent =
    names.length > 0 ? `${names.join(' and ')} ${names.length > 1 ? 'are' : 'is'} typing …` : '';
}

async function authenticate(item) {
  take(item);
  const sessionId = parsed(item.Content)?.SessionId;
  $('authentication-text').textContent = 'You are asked to sign in.';
  $('authentication-link').hidden = true;
  $('authentication').hidden = false;
  $('authentication-cancel').onclick = () =>
    session.cancelParticipantAuthentication({ sessionId }).catch((problem) => tell(reason(problem)));
  try {
    const { data } = await session.getAuthenticationUrl({
      redirectUri: `${location.origin}${location.pathname}`,
      sessionId,
    });
    $('authentication-link').href = data.AuthenticationUrl;
    $('authentication-link').hidden = false;
  } catch (problem) {
    $('authentication-text').textContent = `You are asked to sign in, but there is no link: ${reason(problem)}`;
  }
}

function fitMessage() {
  const area = $('message');
  area.style.height = 'auto';
  area.style.height = `${Math.min(area.scrollHeight + 2, 160)}px`;
}

function sendWritten() {
  const content = $('message').value;
  if (content.trim() === '') return;
  $('message').value = '';
  fitMessage();
  tell(null);
  void say(content, 'text/plain');
}

function begin() {
  $('start').addEventListener('submit', async (event) => {
    event.preventDefault();
    $('welcome-problem').hidden = true;
    try {
      await start($('name').value);
    } catch (problem) {
      $('welcome-problem').textContent = problem.message;
      $('welcome-problem').hidden = false;
    }
  });
  $('composer').addEventListener('submit', (event) => {
    event.preventDefault();
    sendWritten();
  });
  $('message').addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    sendWritten();
  });
  $('message').addEventListener('input', () => {
    fitMessage();
    // ChatJS itself lets one through every ten seconds.
    if ($('message').value !== '') session.sendEvent({ contentType: `${EVENT_PREFIX}typing` }).catch(() => {});
  });
  $('attach').addEventListener('click', () => $('file').click());
  $('file').addEventListener('change', async () => {
    const [attachment] = $('file').files;
    if (!attachment) return;
    tell(null);
    try {
      await session.sendAttachment({ attachment });
    } catch (problem) {
      tell(`${attachment.name} was not sent: ${reason(problem)}`);
    }
    $('file').value = '';
  });
  $('end').addEventListener('click', () => session.disconnectParticipant().catch((problem) => tell(reason(problem))));
  $('over').addEventListener('submit', (event) => {
    event.preventDefault();
    location.replace(location.pathname);
  });
  document.addEventListener('visibilitychange', () => {
    if (document.hidden || unread === null || ended) return;
    sendReceipt('read', unread);
    unread = null;
  });

  keepAtEnd();

  const query = new URLSearchParams(location.search);
  const given = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
  if (query.has('state')) {
    $('returned').hidden = false;
    $('returned-text').textContent = query.has('code')
      ? 'You signed in.'
      : `You did not sign in: ${query.get('error') ?? ''}`;
  } else if (typeof connect === 'undefined') {
    $('missing').hidden = false;
  } else if (given.contact_id && given.participant_id && given.participant_token) {
    void open(given);
  } else {
    $('version').textContent = connect.ChatJS?.version ?? '';
    $('welcome').hidden = false;
    $('name').value = NAMES[Math.floor(Math.random() * NAMES.length)];
    $('name').select();
  }
}

begin();
