// Agents, bots and supervisors who are clients of their own, beside the customer's ChatJS.
import assert from 'node:assert/strict';
import { behaviour } from '../peer/behaviour.mjs';
import { from } from '../peer/checks.mjs';

const contentType = (name) => `application/vnd.amazonaws.connect.event.${name}`;

const details = (seat) => ({
  contactId: seat.contact_id,
  initialContactId: seat.initial_contact_id,
  participantId: seat.participant_id,
  participantToken: seat.participant_token,
});

/** In a page of its own: in one page, sessions of one contact share their socket. */
async function seated({ openPage, openSession }, chat, display_name, role = 'AGENT') {
  const seat = await chat.control('POST', '/seats', { display_name, role });
  return openSession(details(seat), { type: 'AGENT', page: await openPage() });
}

async function assertTalk(customer, agent, agentName, role = 'AGENT') {
  const question = (await customer.send('Can you hear me?')).data;
  assert.equal((await agent.message({ Id: question.Id })).ParticipantId, customer.participantId);
  const answer = (await agent.send('I can')).data;
  const item = await customer.message({ Id: answer.Id });
  assert.deepEqual(await agent.message({ Id: answer.Id }), item);
  const { ParticipantId, ParticipantRole, DisplayName, InitialContactId } = item;
  assert.deepEqual(
    { ParticipantId, ParticipantRole, DisplayName, InitialContactId },
    {
      ParticipantId: agent.participantId,
      ParticipantRole: role,
      DisplayName: agentName,
      InitialContactId: customer.contactId,
    },
  );
}

for (const role of ['AGENT', 'CUSTOM_BOT', 'SUPERVISOR']) {
  behaviour('agent seat', `ChatJS in the seat of ${role} talks with ChatJS of the customer`, async (world) => {
    const customer = await world.connectedChat();
    const other = await seated(world, customer, 'Jo', role);
    await other.connect();
    const ContentType = contentType('participant.joined');
    const joined = await customer.message({ ContentType, ParticipantRole: role });
    assert.deepEqual(joined, {
      ...joined,
      ...from(customer, { ParticipantId: other.participantId, DisplayName: 'Jo' }),
    });
    await assertTalk(customer, other, 'Jo', role);
  });
}

behaviour('agent seat', 'typing and receipts between two of them', async (world) => {
  const customer = await world.connectedChat();
  const agent = await seated(world, customer, 'Jo');
  await agent.connect();
  await agent.call('sendEvent', { contentType: contentType('typing') });
  await customer.event('Typing', ({ ParticipantId }) => ParticipantId === agent.participantId);
  await customer.call('sendEvent', { contentType: contentType('typing') });
  await agent.event('Typing', ({ ParticipantId }) => ParticipantId === customer.participantId);
  const { data } = await customer.send('Read me');
  await agent.call('sendEvent', {
    contentType: contentType('message.read'),
    content: JSON.stringify({ messageId: data.Id }),
  });
  const receipt = await customer.event('ReadReceipt');
  assert.equal(receipt.MessageMetadata.MessageId, data.Id);
  assert.equal(receipt.MessageMetadata.Receipts[0].RecipientParticipantId, agent.participantId);
});

behaviour('agent seat', 'a transfer: the first agent stops, the second goes on', async (world) => {
  const customer = await world.connectedChat();
  const first = await seated(world, customer, 'Jo');
  await first.connect();
  await assertTalk(customer, first, 'Jo');
  const seat = await customer.control('POST', '/transfer', { to_agent: 'Kim' });
  await first.message({ ContentType: contentType('transfer.succeeded') });
  const second = await world.openSession(details(seat), { type: 'AGENT', page: await world.openPage() });
  await second.connect();
  assert.notEqual(second.contactId, customer.contactId);
  await assertTalk(customer, second, 'Kim');
});

behaviour('agent seat', 'one socket of an agent carries two chats', async (world) => {
  const { simulator, openSession, connectedChat } = world;
  const customers = [await connectedChat(), await connectedChat()];
  const { url: agentSocket } = await simulator.control('POST', '/agent-sockets', { agent_name: 'Jo' });
  const page = await world.openPage();
  const agents = [];
  for (const customer of customers) {
    const seat = await customer.control('POST', '/seats', { display_name: 'Jo', role: 'AGENT' });
    const agent = await openSession(details(seat), { type: 'AGENT', agentSocket, page });
    await agent.call('connect');
    await customer.message({ ContentType: contentType('participant.joined'), ParticipantRole: 'AGENT' });
    agents.push(agent);
  }
  for (const [place, customer] of customers.entries()) await assertTalk(customer, agents[place], 'Jo');
  // What is said in one is not heard in the other.
  for (const [place, agent] of agents.entries()) {
    const contacts = new Set((await agent.received('Message')).map(({ ContactId }) => ContactId));
    assert.deepEqual([...contacts], [customers[place].contactId]);
  }
});
