//! Where a behaviour is shown: plain or with TLS.

use std::rc::Rc;

use chat_sim::{Simulator, SimulatorBuilder};

use crate::adapter::{Adapter, Client, ClientBuilder};
use crate::certificates::Authority;

#[derive(Clone)]
pub(crate) struct Stage {
    /// Who has signed the service's certificate; none where there is no TLS.
    authority: Option<Rc<Authority>>,
}

impl Stage {
    pub(crate) fn new(encrypted: bool) -> Self {
        let authority = encrypted.then(|| Rc::new(Authority::new("the conformance script")));
        Self { authority }
    }

    pub(crate) fn is_encrypted(&self) -> bool {
        self.authority.is_some()
    }

    /// Who has signed the service's certificate, where there is one.
    pub(crate) fn authority(&self) -> &Authority {
        self.authority.as_ref().unwrap()
    }

    pub(crate) fn simulator(&self) -> SimulatorBuilder {
        let builder = Simulator::builder();
        match &self.authority {
            Some(authority) => builder.tls(authority.server()),
            None => builder,
        }
    }

    pub(crate) fn client<A: Adapter>(&self) -> ClientBuilder<A> {
        let builder = Client::<A>::builder();
        match &self.authority {
            Some(authority) => builder.tls_config(authority.trusting()),
            None => builder,
        }
    }

    /// Where something listens.
    pub(crate) fn url(&self, host: &str, port: u16) -> String {
        let scheme = if self.is_encrypted() { "https" } else { "http" };
        format!("{scheme}://{host}:{port}")
    }
}
