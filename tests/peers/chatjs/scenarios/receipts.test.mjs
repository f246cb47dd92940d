// Receipts, both ways: delivered and read.
import assert from 'node:assert/strict';
import { behaviour } from '../peer/behaviour.mjs';
import { assertItem } from '../peer/checks.mjs';

const kinds = {
  delivered: { event: 'DeliveredReceipt', member: 'DeliveredTimestamp' },
  read: { event: 'ReadReceipt', member: 'ReadTimestamp' },
};

const receiptOf = async (chat, messageId, participantId) =>
  (await chat.contact()).receipts.find(
    (receipt) => receipt.message_id === messageId && receipt.recipient_participant_id === participantId,
  );

for (const [kind, { event, member }] of Object.entries(kinds)) {
  behaviour('receipts', `the customer learns that the agent has ${kind} its message`, async ({ connectedChat }) => {
    const chat = await connectedChat();
    const { participant_id } = await chat.agent('join', { display_name: 'Jo' });
    const { data } = await chat.send('Did you get it?');
    await chat.agent(kind, { message_id: data.Id });
    const receipt = await chat.event(event);
    assertItem(receipt, {
      Type: 'MESSAGEMETADATA',
      ContentType: 'application/vnd.amazonaws.connect.event.message.metadata',
      InitialContactId: chat.contactId,
      ContactId: chat.contactId,
      MessageMetadata: {
        MessageId: data.Id,
        Receipts: [{ [member]: receipt.AbsoluteTime, RecipientParticipantId: participant_id }],
      },
    });
    const recorded = await receiptOf(chat, data.Id, participant_id);
    assert.equal(recorded[kind], receipt.AbsoluteTime);
  });

  behaviour('receipts', `the service records what the customer has ${kind}`, async ({ connectedChat }) => {
    const chat = await connectedChat();
    const { item } = await chat.agent('message', { content: 'Hello' });
    await chat.message({ Id: item.Id });
    const { data } = await chat.call('sendEvent', {
      contentType: `application/vnd.amazonaws.connect.event.message.${kind}`,
      content: JSON.stringify({ messageId: item.Id }),
    });
    const recorded = await receiptOf(chat, item.Id, chat.participantId);
    assert.deepEqual(recorded, {
      message_id: item.Id,
      recipient_participant_id: chat.participantId,
      delivered: null,
      read: null,
      [kind]: data.AbsoluteTime,
    });
    const published = await chat.publishedItem(data.Id);
    assert.deepEqual(published.MessageMetadata, {
      MessageId: item.Id,
      Receipts: [{ [member]: data.AbsoluteTime, RecipientParticipantId: chat.participantId }],
    });
    // ChatJS shows nobody receipts of their own.
    assert.deepEqual(await chat.received(event), []);
  });
}

behaviour('receipts', 'delivered and then read are told of in one receipt', async ({ connectedChat }) => {
  const chat = await connectedChat();
  const { participant_id } = await chat.agent('join', { display_name: 'Jo' });
  const { data } = await chat.send('Did you read it?');
  await chat.agent('delivered', { message_id: data.Id });
  const delivered = await chat.event('DeliveredReceipt');
  await chat.agent('read', { message_id: data.Id });
  const read = await chat.event('ReadReceipt');
  assert.deepEqual(read.MessageMetadata.Receipts, [
    {
      DeliveredTimestamp: delivered.AbsoluteTime,
      ReadTimestamp: read.AbsoluteTime,
      RecipientParticipantId: participant_id,
    },
  ]);
});

behaviour('receipts', 'those of several messages all count, though ChatJS gives them one token', async (world) => {
  const chat = await world.connectedChat();
  const expected = [];
  for (const content of ['one', 'two']) {
    const { item } = await chat.agent('message', { content });
    const { data } = await chat.call('sendEvent', {
      contentType: 'application/vnd.amazonaws.connect.event.message.read',
      content: JSON.stringify({ messageId: item.Id }),
    });
    expected.push({ message_id: item.Id, read: data.AbsoluteTime });
  }
  const { receipts } = await chat.contact();
  assert.deepEqual(
    receipts.map(({ message_id, read }) => ({ message_id, read })).sort((a, b) => (a.read < b.read ? -1 : 1)),
    expected,
  );
});
