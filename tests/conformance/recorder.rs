//! Stands before the service and writes down the head of each request. It opens TLS to read them.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rustls::pki_types::ServerName;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::service::{on_network, spawn_on_network};
use crate::stage::Stage;

/// The head of a request.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    /// Method and path.
    pub(crate) line: String,
    /// By their names in small letters.
    pub(crate) headers: BTreeMap<String, String>,
}

/// The recorder. It is gone, and all its connections with it, when it is dropped.
pub(crate) struct Recorder {
    pub(crate) address: String,
    shared: Arc<Shared>,
    listening: AbortHandle,
}

struct Shared {
    /// The port of the service.
    target: OnceLock<u16>,
    tls: Option<(TlsAcceptor, TlsConnector)>,
    heads: Mutex<Vec<Head>>,
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

impl Recorder {
    pub(crate) async fn start(stage: &Stage) -> Self {
        let listener = on_network(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).await;
        let listener = listener.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let tls = stage.is_encrypted().then(|| {
            let authority = stage.authority();
            (authority.server().into(), authority.trusting().into())
        });
        let shared = Arc::new(Shared {
            target: OnceLock::new(),
            tls,
            heads: Mutex::default(),
        });
        let listening = spawn_on_network(listen(listener, Arc::clone(&shared)));
        Self {
            address,
            shared,
            listening,
        }
    }

    /// From now on the connections go to this port.
    pub(crate) fn lead_to(&self, port: u16) {
        self.shared.target.set(port).unwrap();
    }

    /// What has been asked so far.
    pub(crate) fn heads(&self) -> Vec<Head> {
        self.shared.lock().clone()
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Head>> {
        self.heads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Both sides of a connection, in the clear.
    async fn sides(
        &self,
        client: TcpStream,
    ) -> std::io::Result<(Box<dyn Stream>, Box<dyn Stream>)> {
        let port = *self.target.get().unwrap();
        let server = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
        for stream in [&client, &server] {
            stream.set_nodelay(true)?;
        }
        Ok(match &self.tls {
            None => (Box::new(client), Box::new(server)),
            Some((acceptor, connector)) => {
                let name = ServerName::from(std::net::IpAddr::from(Ipv4Addr::LOCALHOST));
                let server = connector.connect(name, server).await?;
                (Box::new(acceptor.accept(client).await?), Box::new(server))
            }
        })
    }
}

async fn listen(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        let shared = Arc::clone(&shared);
        connections.spawn(async move {
            // A side that ends without a word of TLS is an error, and as good an end.
            let _ = carry(client, &shared).await;
        });
        while connections.try_join_next().is_some() {}
    }
}

/// Carries a connection until a side has ended it.
async fn carry(client: TcpStream, shared: &Shared) -> std::io::Result<()> {
    let (client, server) = shared.sides(client).await?;
    let (from_client, mut to_client) = tokio::io::split(client);
    let (mut from_server, mut to_server) = tokio::io::split(server);
    let answers = async {
        tokio::io::copy(&mut from_server, &mut to_client).await?;
        to_client.shutdown().await
    };
    let requests = async {
        let mut from = BufReader::new(from_client);
        while let Some(head) = forward_head(&mut from, &mut to_server).await? {
            let length = head.headers.get("content-length");
            let length = length.map_or(0, |length| length.parse().unwrap());
            let is_handshake = head.headers.contains_key("upgrade");
            shared.lock().push(head);
            let length = if is_handshake { u64::MAX } else { length };
            tokio::io::copy(&mut (&mut from).take(length), &mut to_server).await?;
        }
        to_server.shutdown().await
    };
    tokio::try_join!(requests, answers).map(drop)
}

/// Passes on the head of a request; none at the end.
async fn forward_head(
    from: &mut (impl AsyncBufReadExt + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
) -> std::io::Result<Option<Head>> {
    let mut text = String::new();
    while !text.ends_with("\r\n\r\n") {
        if from.read_line(&mut text).await? == 0 {
            return Ok(None);
        }
    }
    to.write_all(text.as_bytes()).await?;
    to.flush().await?;
    let mut lines = text.lines();
    let line = lines.next().unwrap_or_default().to_owned();
    let headers = lines.filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        Some((name.to_lowercase(), value.trim().to_owned()))
    });
    Ok(Some(Head {
        line,
        headers: headers.collect(),
    }))
}
