// Runs beside ChatJS, in Node or in a page: sessions, their events and their calls. Plain JSON goes in and out.
(() => {
  const sessions = [];
  const sharedSockets = {};

  const bytesOf = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

  async function portable(value) {
    if (value instanceof Blob) {
      const bytes = new Uint8Array(await value.arrayBuffer());
      return { type: value.type, base64: btoa(bytes.reduce((text, byte) => text + String.fromCharCode(byte), '')) };
    }
    return value;
  }

  function withFile(argument) {
    const attachment = argument?.attachment;
    if (!attachment) return argument;
    return { attachment: new File([bytesOf(attachment.base64)], attachment.name, { type: attachment.type }) };
  }

  // ChatJS leaves the sockets of an agent to the page, which makes one of them serve all chats.
  function openSharedSocket(url) {
    const manager = connect.WebSocketManager.create();
    const transport = { url, transportLifeTimeInSeconds: 3540 };
    manager.init(() => Promise.resolve({ webSocketTransport: transport }));
    return manager;
  }

  globalThis.driver = {
    /** Opens a session and listens to all its events; answers its number. */
    open({ endpoint, region, chatDetails, type, receiptsAfterMs, followTranscript, agentSocket }) {
      const { ChatSession } = connect;
      ChatSession.setGlobalConfig({
        endpoint,
        region,
        features: { messageReceipts: { shouldSendMessageReceipts: true, throttleTime: receiptsAfterMs } },
      });
      // A page has a way to ask for the agent's tokens; without one ChatJS asks the service itself.
      const getConnectionToken = () => Promise.reject(new Error('none here'));
      const session = ChatSession.create({
        type,
        chatDetails: type === 'AGENT' ? { ...chatDetails, getConnectionToken } : chatDetails,
        options: { region },
        disableCSM: true,
        websocketManager: agentSocket && (sharedSockets[agentSocket] ??= openSharedSocket(agentSocket)),
      });
      const events = [];
      for (let owner = session; owner; owner = Object.getPrototypeOf(owner)) {
        for (const method of Object.getOwnPropertyNames(owner)) {
          // Listening for this one makes ChatJS fetch the transcript by itself.
          if (!method.startsWith('on') || (method === 'onTranscriptUpdated' && !followTranscript)) continue;
          session[method]((event) => events.push({ name: method.slice(2), data: event.data }));
        }
      }
      return sessions.push({ session, events }) - 1;
    },

    events: (number) => sessions[number].events,

    async call(number, method, argument) {
      try {
        return { value: await portable(await sessions[number].session[method](withFile(argument))) };
      } catch (error) {
        return { reason: error instanceof Error ? { name: error.name, message: error.message } : error };
      }
    },
  };
})();
