//! Comparing what the client has with what the service has recorded.

use std::collections::BTreeMap;
use std::fmt;

/// A line of a transcript: an item's id and, for a message, its text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Line {
    pub(super) id: String,
    pub(super) text: Option<String>,
}

/// A message that the customer sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Sent {
    pub(super) text: String,
    /// The item it has become, once the service has confirmed it.
    pub(super) id: Option<String>,
}

/// What the client has.
#[derive(Clone, Debug, Default)]
pub(super) struct ClientSide {
    /// What the customer sent, in order.
    pub(super) sent: Vec<Sent>,
    /// The messages of the others, as often as they were reported.
    pub(super) received: Vec<Line>,
    /// The transcript at the end.
    pub(super) transcript: Vec<Line>,
    /// How often the connection was lost and had again.
    pub(super) reconnects: usize,
}

/// What the service has recorded.
#[derive(Clone, Debug, Default)]
pub(super) struct ServiceSide {
    /// The customer's messages, in order.
    pub(super) customer: Vec<Line>,
    /// The messages of the others, in order.
    pub(super) others: Vec<Line>,
    /// Everything it keeps, in order.
    pub(super) transcript: Vec<Line>,
    /// How often the network was made to fail.
    pub(super) failures: usize,
}

/// The result.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Verdict {
    sent: usize,
    confirmed: usize,
    received: usize,
    lost: usize,
    duplicated: usize,
    reconnects: usize,
    /// What is not as it should be, in words.
    pub(super) differences: Vec<String>,
}

impl Verdict {
    pub(super) fn is_ok(&self) -> bool {
        self.differences.is_empty()
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            sent,
            confirmed,
            received,
            lost,
            duplicated,
            reconnects,
            ..
        } = self;
        let word = if self.is_ok() { "ok" } else { "failed" };
        write!(
            f,
            "demo: sent {sent}, confirmed {confirmed}, received {received}, lost {lost}, \
             duplicated {duplicated}, reconnects {reconnects}, {word}"
        )
    }
}

/// Compares both sides, message by message.
pub(super) fn compare(client: &ClientSide, service: &ServiceSide) -> Verdict {
    let mut differences = Vec::new();
    let sending = compare_sent(&client.sent, &service.customer, &mut differences);
    let receiving = compare_received(&client.received, &service.others, &mut differences);
    if let Some(at) = first_difference(&client.transcript, &service.transcript) {
        differences.push(format!(
            "the transcripts differ at line {}: {} lines here, {} at the service",
            at + 1,
            client.transcript.len(),
            service.transcript.len()
        ));
    }
    if client.reconnects != service.failures {
        differences.push(format!(
            "the network failed {} times, and the client reconnected {} times",
            service.failures, client.reconnects
        ));
    }
    Verdict {
        sent: client.sent.len(),
        confirmed: client.sent.iter().filter(|sent| sent.id.is_some()).count(),
        received: by_id(&client.received).len(),
        lost: sending.lost + receiving.lost,
        duplicated: sending.duplicated + receiving.duplicated,
        reconnects: client.reconnects,
        differences,
    }
}

#[derive(Default)]
struct Count {
    lost: usize,
    duplicated: usize,
}

/// What the customer sent against what the service has of it.
fn compare_sent(sent: &[Sent], recorded: &[Line], differences: &mut Vec<String>) -> Count {
    let mut count = Count::default();
    let times = by_id(recorded);
    for (number, message) in (1..).zip(sent) {
        let Some(id) = &message.id else {
            count.lost += 1;
            differences.push(format!("sent message {number} was never confirmed"));
            continue;
        };
        match times.get(id.as_str()) {
            None => {
                count.lost += 1;
                differences.push(format!("sent message {number} is not at the service"));
            }
            Some((_, text)) if *text != Some(message.text.as_str()) => {
                differences.push(format!("sent message {number} has another text there"));
            }
            Some(_) => {}
        }
    }
    let confirmed: Vec<&str> = sent.iter().filter_map(|sent| sent.id.as_deref()).collect();
    let surplus = |line: &&Line| !confirmed.contains(&line.id.as_str());
    count.duplicated = recorded.iter().filter(surplus).count();
    if count.duplicated > 0 {
        differences.push(format!(
            "the service has {} messages of the customer, of which {} are known here",
            recorded.len(),
            confirmed.len()
        ));
    }
    if count.lost == 0
        && count.duplicated == 0
        && !recorded.iter().map(|line| &*line.id).eq(confirmed)
    {
        differences.push("the service has the customer's messages in another order".to_owned());
    }
    count
}

/// What was reported of the others' messages against what the service has of them.
fn compare_received(received: &[Line], recorded: &[Line], differences: &mut Vec<String>) -> Count {
    let mut count = Count::default();
    let times = by_id(received);
    for (number, line) in (1..).zip(recorded) {
        match times.get(line.id.as_str()) {
            None => {
                count.lost += 1;
                differences.push(format!("message {number} of the others was not reported"));
            }
            Some((times, _)) if *times > 1 => {
                count.duplicated += times - 1;
                differences.push(format!(
                    "message {number} of the others was reported {times} times"
                ));
            }
            Some((_, text)) if *text != line.text.as_deref() => {
                differences.push(format!("message {number} of the others has another text"));
            }
            Some(_) => {}
        }
    }
    let known = by_id(recorded);
    let unknown = times.keys().filter(|id| !known.contains_key(*id)).count();
    if unknown > 0 {
        differences.push(format!(
            "{unknown} messages were reported that the service does not have"
        ));
    }
    count
}

/// How often each id stands there, and the text of its first line.
fn by_id(lines: &[Line]) -> BTreeMap<&str, (usize, Option<&str>)> {
    let mut times = BTreeMap::new();
    for line in lines {
        let entry = times
            .entry(line.id.as_str())
            .or_insert((0, line.text.as_deref()));
        entry.0 += 1;
    }
    times
}

/// The index of the first line that is not the same on both sides.
fn first_difference(one: &[Line], other: &[Line]) -> Option<usize> {
    let common = one.iter().zip(other).take_while(|(a, b)| a == b).count();
    (common < one.len() || common < other.len()).then_some(common)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(id: &str) -> Line {
        Line {
            id: id.to_owned(),
            text: Some(format!("text of {id}")),
        }
    }

    fn lines(ids: &[&str]) -> Vec<Line> {
        ids.iter().map(|id| line(id)).collect()
    }

    /// Three messages of the customer, two of an agent, one reconnect; all is well.
    fn both() -> (ClientSide, ServiceSide) {
        let sent = ["c1", "c2", "c3"].map(|id| Sent {
            text: format!("text of {id}"),
            id: Some(id.to_owned()),
        });
        let transcript = lines(&["c1", "a1", "c2", "a2", "c3"]);
        let client = ClientSide {
            sent: sent.to_vec(),
            received: lines(&["a1", "a2"]),
            transcript: transcript.clone(),
            reconnects: 1,
        };
        let service = ServiceSide {
            customer: lines(&["c1", "c2", "c3"]),
            others: lines(&["a1", "a2"]),
            transcript,
            failures: 1,
        };
        (client, service)
    }

    fn summary(client: &ClientSide, service: &ServiceSide) -> String {
        let verdict = compare(client, service);
        assert_eq!(verdict.is_ok(), verdict.differences.is_empty());
        verdict.to_string()
    }

    #[test]
    fn two_equal_sides_are_ok() {
        let (client, service) = both();
        assert_eq!(
            summary(&client, &service),
            "demo: sent 3, confirmed 3, received 2, lost 0, duplicated 0, reconnects 1, ok"
        );
    }

    #[test]
    fn a_lost_message_fails_in_either_direction() {
        let (client, mut service) = both();
        service.customer.remove(1);
        assert_eq!(
            summary(&client, &service),
            "demo: sent 3, confirmed 3, received 2, lost 1, duplicated 0, reconnects 1, failed"
        );
        let (mut client, service) = both();
        client.received.pop();
        assert_eq!(
            summary(&client, &service),
            "demo: sent 3, confirmed 3, received 1, lost 1, duplicated 0, reconnects 1, failed"
        );
    }

    #[test]
    fn a_doubled_message_fails_in_either_direction() {
        let (client, mut service) = both();
        service.customer.insert(1, line("c1-again"));
        assert_eq!(
            summary(&client, &service),
            "demo: sent 3, confirmed 3, received 2, lost 0, duplicated 1, reconnects 1, failed"
        );
        let (mut client, service) = both();
        client.received.push(line("a1"));
        assert_eq!(
            summary(&client, &service),
            "demo: sent 3, confirmed 3, received 2, lost 0, duplicated 1, reconnects 1, failed"
        );
    }

    #[test]
    fn another_order_fails_in_either_direction() {
        let (client, mut service) = both();
        service.customer.swap(0, 1);
        assert!(summary(&client, &service).ends_with(", failed"));
        let (mut client, service) = both();
        client.transcript.swap(1, 3);
        let verdict = compare(&client, &service);
        assert!(!verdict.is_ok());
        assert!(verdict.differences[0].contains("differ at line 2"));
    }

    #[test]
    fn an_unconfirmed_message_fails_and_counts_as_lost() {
        let (mut client, mut service) = both();
        client.sent[2].id = None;
        service.customer.pop();
        assert_eq!(
            summary(&client, &service),
            "demo: sent 3, confirmed 2, received 2, lost 1, duplicated 0, reconnects 1, failed"
        );
    }

    #[test]
    fn another_text_fails_in_either_direction() {
        let (client, mut service) = both();
        service.customer[0].text = Some("another".to_owned());
        assert!(summary(&client, &service).ends_with(", failed"));
        let (mut client, service) = both();
        client.received[0].text = Some("another".to_owned());
        assert!(summary(&client, &service).ends_with(", failed"));
    }

    #[test]
    fn a_reconnect_more_or_less_than_the_network_failed_fails() {
        for reconnects in [0, 2] {
            let (mut client, service) = both();
            client.reconnects = reconnects;
            assert!(summary(&client, &service).ends_with(", failed"));
        }
    }
}
