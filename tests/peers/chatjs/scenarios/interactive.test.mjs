// Interactive messages: every template, and the answer of the customer.
import assert from 'node:assert/strict';
import { behaviour } from '../peer/behaviour.mjs';

const contentType = 'application/vnd.amazonaws.connect.message.interactive';
const image = { imageType: 'URL', imageData: 'https://img.example/b.png', imageDescription: 'a boat' };
const element = (number, content) => ({
  templateIdentifier: `t${number}`,
  templateType: 'Panel',
  version: '1.0',
  data: { content },
});

const templates = {
  QuickReply: { title: 'Seat?', subtitle: 'Choose', elements: [{ title: 'Aisle' }, { title: 'Window' }] },
  ListPicker: {
    title: 'Which boat?',
    ...image,
    elements: [{ title: 'Dinghy', subtitle: '2 seats' }, { title: 'Ferry' }],
  },
  TimePicker: {
    title: 'Visit',
    timeZoneOffset: -60,
    location: { latitude: 1.5, longitude: 2.5, title: 'Pier', radius: 1 },
    timeslots: [{ date: '2030-01-02T09:00+00:00', duration: 30 }],
  },
  Panel: { title: 'Help with?', ...image, elements: [{ title: 'Fares' }, { title: 'Lost item' }] },
  Carousel: {
    title: 'Trips',
    omitTitleFromCarouselResponse: true,
    elements: [
      element(0, { title: 'North', elements: [{ title: 'Book' }] }),
      element(1, { title: 'South', elements: [{ title: 'More', type: 'hyperlink', url: 'https://x.example' }] }),
    ],
  },
};

for (const [templateType, content] of Object.entries(templates)) {
  behaviour('interactive message', `${templateType} arrives unchanged`, async ({ connectedChat }) => {
    const chat = await connectedChat();
    const message = {
      templateType,
      version: '1.0',
      data: { replyMessage: { title: 'Noted', subtitle: 'Thanks' }, content },
    };
    const { item } = await chat.control('POST', '/bot/message', {
      content: JSON.stringify(message),
      content_type: contentType,
    });
    const received = await chat.message({ Id: item.Id });
    assert.deepEqual(received, item);
    assert.equal(received.ContentType, contentType);
    assert.equal(received.ParticipantRole, 'SYSTEM');
    assert.deepEqual(JSON.parse(received.Content), message);
  });
}

behaviour('interactive message', "the customer's choice arrives", async ({ connectedChat }) => {
  const chat = await connectedChat();
  const choice = { templateIdentifier: 't0', listTitle: 'North', selectionText: 'Book' };
  for (const type of ['application/json', `${contentType}.response`]) {
    const { data } = await chat.send(JSON.stringify(choice), type);
    const item = (await chat.stored()).find(({ Id }) => Id === data.Id);
    assert.equal(item.ContentType, type);
    assert.deepEqual(JSON.parse(item.Content), choice);
  }
});

behaviour('interactive message', 'a customer cannot send one', async ({ connectedChat }) => {
  const chat = await connectedChat();
  const { type, statusCode } = await chat.rejection('sendMessage', { message: '{}', contentType });
  assert.deepEqual({ type, statusCode }, { type: 'ValidationException', statusCode: 400 });
});
