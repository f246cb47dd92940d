// Connecting: the first request, the socket, the subscription, heartbeats.
import assert from 'node:assert/strict';
import { behaviour } from '../peer/behaviour.mjs';
import { assertItem, fromCustomer } from '../peer/checks.mjs';

behaviour('connect', 'a customer connects and sees itself join', async ({ openChat }) => {
  const chat = await openChat();
  const { connectCalled, connectSuccess } = await chat.connect();
  assert.deepEqual({ connectCalled, connectSuccess }, { connectCalled: true, connectSuccess: true });
  const ContentType = 'application/vnd.amazonaws.connect.event.participant.joined';
  const joined = await chat.message({ ContentType });
  assertItem(joined, { Type: 'EVENT', ContentType, ...fromCustomer(chat) });
  // Once for the answer to the request, once for the socket.
  await chat.until(async () => (await chat.received('ConnectionEstablished')).length === 2, 'two events');
});

behaviour('connect', 'heartbeats and pings are sent, counted and answered', async ({ connectedChat }) => {
  const chat = await connectedChat();
  await chat.event('DeepHeartbeatSuccess');
  const [socket, ...others] = await chat.sockets();
  assert.deepEqual(others, []);
  assert.ok(socket.heartbeats >= 1 && socket.pings >= 1, JSON.stringify(socket));
  assert.ok(socket.last_heartbeat && socket.last_ping, JSON.stringify(socket));
  assert.equal(socket.half_open, false);
});

behaviour(
  'connect',
  'heartbeats go on, and the socket is not replaced while they are answered',
  async ({ connectedChat }) => {
    const chat = await connectedChat();
    await chat.until(async () => (await chat.sockets())[0].heartbeats >= 3, 'three heartbeats');
    assert.deepEqual((await chat.contact()).requests, { CreateParticipantConnection: 1 });
    assert.deepEqual(await chat.received('DeepHeartbeatFailure'), []);
  },
  { timers: { 10_000: 1_000 } },
);

behaviour(
  'connect',
  'a second subscription is made when the first is refused',
  async ({ simulator, connectedChat }) => {
    await simulator.control('POST', '/faults', { effect: 'fail_subscribe', times: 1 });
    const chat = await connectedChat();
    const { item } = await chat.agent('message', { content: 'there?' });
    assert.deepEqual(await chat.message({ Id: item.Id }), item);
  },
);

behaviour('connect', 'a token that is not known is denied', async ({ simulator, openSession }) => {
  const { ContactId, ParticipantId } = await simulator.startChat();
  const chat = await openSession({ contactId: ContactId, participantId: ParticipantId, participantToken: 'made-up' });
  const { connectSuccess, _debug } = await chat.rejection('connect');
  assert.equal(connectSuccess, false);
  assert.equal(_debug._debug.type, 'AccessDeniedException');
  assert.equal(_debug._debug.statusCode, 403);
});
