// Connections that break: what ChatJS notices, and that it comes back.
import assert from 'node:assert/strict';
import { behaviour } from '../peer/behaviour.mjs';
import { assertFetched } from '../peer/checks.mjs';

// ChatJS notices what is missing when the next heartbeat is due.
const quickHeartbeats = { 10_000: 1_000 };

const fault = (chat, effect, more = {}) =>
  chat.simulator.control('POST', '/faults', { effect, contact: chat.contactId, ...more });

async function assertArrives(chat, content) {
  const { item } = await chat.agent('message', { content });
  assert.deepEqual(await chat.message({ Id: item.Id }), item);
}

/** Waits until ChatJS has lost its connection and got another one, which is subscribed. */
async function comesBack(chat) {
  await chat.event('ConnectionLost');
  const isBack = async () => {
    const names = (await chat.events()).map(({ name }) => name);
    return names.lastIndexOf('ConnectionEstablished') > names.lastIndexOf('ConnectionLost');
  };
  await chat.until(isBack, 'ConnectionEstablished after ConnectionLost');
  await chat.until(async () => (await chat.sockets()).some(({ subscribed }) => subscribed), 'a subscription');
}

behaviour('reconnect', 'after a cut; what was said meanwhile is in the transcript', async ({ openChat }) => {
  const chat = await openChat({}, { followTranscript: true });
  await chat.connect();
  await assertArrives(chat, 'before');
  // The gap is long enough for the message, however fast ChatJS is.
  await fault(chat, { delay: { by_ms: 1_000 } }, { operation: 'CreateParticipantConnection', times: 1 });
  assert.deepEqual(await chat.control('POST', '/sockets/cut', {}), { cut: 1 });
  const { item } = await chat.agent('message', { content: 'meanwhile' });
  const { sockets } = (await chat.published()).at(-1);
  assert.equal(sockets, 0);
  await comesBack(chat);
  await assertArrives(chat, 'after');
  const update = await chat.event('TranscriptUpdated', ({ transcript }) => transcript.some(({ Id }) => Id === item.Id));
  assert.equal(update.transcript.find(({ Id }) => Id === item.Id).Content, 'meanwhile');
  const { data } = await chat.call('getTranscript', { maxResults: 100 });
  assertFetched(data.Transcript, await chat.stored());
});

behaviour('reconnect', 'messages sent during the gap are stored, and come back after it', async ({ connectedChat }) => {
  const chat = await connectedChat();
  await fault(chat, { delay: { by_ms: 1_000 } }, { operation: 'CreateParticipantConnection', times: 1 });
  await chat.control('POST', '/sockets/cut', {});
  const { data } = await chat.send('during');
  await comesBack(chat);
  assert.equal((await chat.stored()).find(({ Id }) => Id === data.Id).Content, 'during');
  const after = await chat.send('after');
  await chat.message({ Id: after.data.Id });
});

for (const code of [1000, 1001, 4000]) {
  behaviour('reconnect', `after a close frame with ${code}`, async ({ connectedChat }) => {
    const chat = await connectedChat();
    await fault(chat, { close_socket: { code } });
    await comesBack(chat);
    await assertArrives(chat, 'after');
  });
}

behaviour('reconnect', 'when the handshake is refused a few times', async ({ connectedChat }) => {
  const chat = await connectedChat();
  await fault(chat, { refuse_handshake: { status: 503 } }, { times: 3 });
  await chat.control('POST', '/sockets/cut', {});
  await comesBack(chat);
  await assertArrives(chat, 'after');
  assert.equal((await chat.simulator.control('GET', '/state')).faults_struck.refuse_handshake, 3);
});

behaviour('reconnect', 'when the socket breaks at a message', async ({ connectedChat }) => {
  const chat = await connectedChat();
  await fault(chat, { cut_socket: { when: 'next_item' } }, { times: 1 });
  await chat.agent('message', { content: 'lost' });
  await comesBack(chat);
  await assertArrives(chat, 'after');
});

behaviour(
  'reconnect',
  'a half-open socket is noticed by its silence and replaced',
  async ({ connectedChat }) => {
    const chat = await connectedChat();
    const [first] = await chat.sockets();
    await fault(chat, 'half_open');
    const isReplaced = async () =>
      (await chat.sockets()).some(({ socket, subscribed }) => socket !== first.socket && subscribed);
    await chat.until(isReplaced, 'another socket');
    await assertArrives(chat, 'after');
  },
  { timers: quickHeartbeats },
);

behaviour(
  'reconnect',
  'missing heartbeats lead to another socket, without a loss',
  async ({ connectedChat }) => {
    const chat = await connectedChat();
    const [first] = await chat.sockets();
    await fault(chat, 'mute_heartbeats', { times: 1 });
    const isReplaced = async () => {
      const sockets = await chat.sockets();
      return sockets.length === 1 && sockets[0].socket !== first.socket && sockets[0].subscribed;
    };
    await chat.until(isReplaced, 'another socket alone');
    await assertArrives(chat, 'after');
    assert.deepEqual(await chat.received('ConnectionLost'), []);
  },
  { timers: quickHeartbeats },
);

for (const [title, effect] of [
  ['pings without an answer', 'mute_pings'],
  ['pings answered with an error', { bad_pong: { status_code: 500, status_content: 'x' } }],
]) {
  behaviour(
    'reconnect',
    `${title} are reported, and the socket stays`,
    async ({ connectedChat }) => {
      const chat = await connectedChat();
      await fault(chat, effect, { times: 1 });
      await chat.event('DeepHeartbeatFailure');
      await assertArrives(chat, 'after');
      assert.equal((await chat.contact()).requests.CreateParticipantConnection, 1);
    },
    { timers: quickHeartbeats },
  );
}

behaviour('reconnect', 'a failure of the request for another URL breaks the session', async ({ connectedChat }) => {
  const chat = await connectedChat();
  const answer = { status: 500, error_type: 'InternalServerException', message: 'Sorry' };
  await fault(chat, { answer }, { operation: 'CreateParticipantConnection', times: 3 });
  await chat.control('POST', '/sockets/cut', {});
  await chat.event('ConnectionLost');
  await chat.event('ConnectionBroken');
});
