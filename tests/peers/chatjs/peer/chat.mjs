// One ChatJS session: its calls, the events it raised, and what the service has on record for its contact.
import assert from 'node:assert/strict';
import { until } from '../../support/until.mjs';

// ChatJS keeps one client, with its endpoint and its typing throttle, for each region.
let regions = 0;

export class Chat {
  #host;
  #number;
  results = [];

  static async open(host, simulator, chatDetails, options = {}) {
    const chat = new Chat();
    const region = `peer-${++regions}`;
    chat.#host = host;
    chat.simulator = simulator;
    chat.contactId = chatDetails.contactId;
    chat.participantId = chatDetails.participantId;
    chat.#number = await host.run('open', {
      endpoint: simulator.endpoint,
      region,
      type: 'CUSTOMER',
      receiptsAfterMs: 50,
      chatDetails,
      ...options,
    });
    return chat;
  }

  /** Calls a method of ChatJS; a rejection is thrown as an error with ChatJS's `reason`. */
  async call(method, argument) {
    const { value, reason } = await this.#host.run('call', this.#number, method, argument);
    if (reason !== undefined) {
      throw Object.assign(new Error(`${method}: ${JSON.stringify(reason)}`), { reason });
    }
    this.results.push({ method, data: value?.data });
    return value;
  }

  /** The reason with which ChatJS rejects this call. */
  async rejection(method, argument) {
    const error = await this.call(method, argument).then(
      () => assert.fail(`${method} was not rejected`),
      (thrown) => thrown,
    );
    if (!('reason' in error)) throw error;
    return error.reason;
  }

  /** Connects and waits for the subscription, so that nothing can be missed. */
  async connect() {
    const answer = await this.call('connect');
    await until(async () => (await this.sockets()).some((socket) => socket.subscribed), 'a subscribed socket');
    return answer;
  }

  send = (message, contentType = 'text/plain', more = {}) =>
    this.call('sendMessage', { message, contentType, ...more });

  events = () => this.#host.run('events', this.#number);

  /** The data of all events of this name so far. */
  async received(name) {
    return (await this.events()).filter((event) => event.name === name).map((event) => event.data);
  }

  /** Waits for an event of this name for which `condition` holds, and answers its data. */
  async event(name, condition = () => true) {
    let seen = [];
    const found = await until(
      async () => {
        seen = await this.received(name);
        const data = seen.find(condition);
        return data === undefined ? undefined : { data };
      },
      () => `event ${name} with ${condition}, seen: ${JSON.stringify(seen)}`,
    );
    return found.data;
  }

  /** Waits for the message (or event shown as one) for which these members are equal. */
  message = (members) =>
    this.event('Message', (item) => Object.entries(members).every(([name, value]) => item[name] === value));

  control = (method, path, body, headers) =>
    this.simulator.control(method, `/contacts/${this.contactId}${path}`, body, headers);

  agent = (what, body = {}) => this.control('POST', `/agent/${what}`, body);

  until = until;

  contact = () => this.control('GET', '');

  sockets = async () => (await this.contact()).sockets.filter((socket) => socket.participant_id === this.participantId);

  published = () => this.simulator.record(this.contactId, 'published');

  stored = () => this.simulator.record(this.contactId, 'transcript');

  /** The published item of this Id. */
  async publishedItem(id) {
    const found = (await this.published()).find(({ item }) => item.Id === id);
    assert.ok(found, `nothing published with Id ${id}`);
    return found.item;
  }
}
