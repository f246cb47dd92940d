//! What `metrics.rs` has, doing nothing: for a build without the feature `metrics`.

use chat_proto::{Event, HubEvent, Instant, LocalId, Operation, Session};

use crate::clock::Clock;

pub(crate) const fn describe() {}

pub(crate) struct Depth;

impl Depth {
    pub(crate) const fn events() -> Self {
        Self
    }

    pub(crate) const fn requests() -> Self {
        Self
    }

    pub(crate) const fn set(&self, _: usize) {}
}

pub(crate) struct SessionMeter;

impl SessionMeter {
    pub(crate) const fn new(_: &Session) -> Self {
        Self
    }

    pub(crate) const fn given(&self, _: Instant, _: LocalId) {}

    pub(crate) const fn notice(&self, _: Instant, _: &Event) {}
}

pub(crate) struct ConnectionMeter;

impl ConnectionMeter {
    pub(crate) const fn new() -> Self {
        Self
    }

    pub(crate) const fn notice(&self, _: Instant, _: &Event) {}

    pub(crate) const fn notice_hub(&self, _: Instant, _: &HubEvent) {}
}

pub(crate) struct ExchangeMeter;

impl ExchangeMeter {
    pub(crate) const fn request(_: Clock, _: Operation) -> Self {
        Self
    }

    pub(crate) const fn transfer(_: Clock, _: &'static str) -> Self {
        Self
    }

    pub(crate) const fn answered(self, _: Option<u16>) {}
}
