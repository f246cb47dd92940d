//! An HTTP proxy that makes tunnels. It alone knows where hosts of the domain `invalid` are, which
//! nobody else can find: at the same port of this machine.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};

use crate::adapter::Proxy;
use crate::service::{on_network, spawn_on_network};

/// Who may ask, as it stands in a URL.
pub(crate) const KIM: &str = "kim:p%40ss";

/// The same, as it stands in the header.
const KIM_IN_BASE64: &str = "Basic a2ltOnBAc3M=";

/// The proxy. It is gone, and all its tunnels with it, when it is dropped.
pub(crate) struct ConnectProxy {
    port: u16,
    shared: Arc<Shared>,
    listening: AbortHandle,
}

struct Shared {
    manner: Manner,
    /// Where the tunnels that were made lead.
    tunnels: Mutex<Vec<String>>,
}

/// How a proxy answers.
#[derive(Clone, Copy)]
pub(crate) enum Manner {
    /// It makes a tunnel for everybody.
    Open,
    /// It makes one for [`KIM`].
    Guarded,
    /// It takes connections, and says nothing.
    Silent,
}

impl ConnectProxy {
    pub(crate) async fn start(manner: Manner) -> Self {
        let listener = on_network(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).await;
        let listener = listener.unwrap();
        let port = listener.local_addr().unwrap().port();
        let tunnels = Mutex::default();
        let shared = Arc::new(Shared { manner, tunnels });
        let listening = spawn_on_network(listen(listener, Arc::clone(&shared)));
        Self {
            port,
            shared,
            listening,
        }
    }

    /// Its URL, for who has these credentials.
    pub(crate) fn url(&self, credentials: &str) -> String {
        let at = if credentials.is_empty() { "" } else { "@" };
        format!("http://{credentials}{at}127.0.0.1:{}", self.port)
    }

    /// What a client is given to go through it.
    pub(crate) fn proxy(&self, credentials: &str) -> Proxy {
        Proxy::url(self.url(credentials)).unwrap()
    }

    /// Where the tunnels that were made lead.
    pub(crate) fn tunnels(&self) -> Vec<String> {
        self.shared.lock().clone()
    }

    /// It is gone, with all its tunnels.
    pub(crate) fn die(&self) {
        self.listening.abort();
    }

    /// It is there again.
    pub(crate) async fn revive(&mut self) {
        let (before, port) = (self.listening.clone(), self.port);
        let listener = on_network(async move {
            while !before.is_finished() {
                tokio::task::yield_now().await;
            }
            TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await
        });
        let listening = listen(listener.await.unwrap(), Arc::clone(&self.shared));
        self.listening = spawn_on_network(listening);
    }
}

impl Drop for ConnectProxy {
    fn drop(&mut self) {
        self.die();
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.tunnels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn listen(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        connections.spawn(serve(client, Arc::clone(&shared)));
        while connections.try_join_next().is_some() {}
    }
}

/// Serves a connection until both sides have ended it.
async fn serve(client: TcpStream, shared: Arc<Shared>) -> Option<()> {
    client.set_nodelay(true).ok()?;
    let mut client = BufReader::new(client);
    let (asked, authorization) = read(&mut client).await?;
    if let Manner::Silent = shared.manner {
        // Until the client has had enough.
        client.read_u8().await.ok()?;
    }
    let refusal = if matches!(shared.manner, Manner::Guarded)
        && authorization.as_deref() != Some(KIM_IN_BASE64)
    {
        Some("407 Proxy Authentication Required\r\nproxy-authenticate: Basic realm=\"script\"")
    } else if !asked.contains(".invalid:") {
        Some("403 Forbidden")
    } else {
        None
    };
    if let Some(refusal) = refusal {
        let answer = format!("HTTP/1.1 {refusal}\r\ncontent-length: 0\r\n\r\n");
        return client.write_all(answer.as_bytes()).await.ok();
    }
    let (_, port) = asked.rsplit_once(':')?;
    let port: u16 = port.parse().ok()?;
    let mut server = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.ok()?;
    server.set_nodelay(true).ok()?;
    shared.lock().push(asked);
    let answer = b"HTTP/1.1 200 Connection established\r\n\r\n";
    client.write_all(answer).await.ok()?;
    let carried = tokio::io::copy_bidirectional(&mut client, &mut server).await;
    carried.ok().map(drop)
}

/// Where a tunnel is to lead, and who asks for it.
async fn read(client: &mut BufReader<TcpStream>) -> Option<(String, Option<String>)> {
    let mut line = String::new();
    client.read_line(&mut line).await.ok()?;
    let asked = line.strip_prefix("CONNECT ")?.split(' ').next()?.to_owned();
    let mut authorization = None;
    loop {
        line.clear();
        client.read_line(&mut line).await.ok()?;
        let Some((name, value)) = line.trim().split_once(':') else {
            return Some((asked, authorization));
        };
        if name.eq_ignore_ascii_case("proxy-authorization") {
            authorization = Some(value.trim().to_owned());
        }
    }
}
