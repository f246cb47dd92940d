//! The public API model, and the values it allows and forbids.

use std::path::Path;

use serde_json::{Map, Value, json};

/// What goes in and what comes out have different probes: limits are checked on the way out only.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Request,
    Answer,
}

/// A value of a shape, and what is remarkable about it.
#[derive(Clone)]
pub(crate) struct Probe {
    /// Where the remarkable part is, such as `ParticipantDetails.DisplayName`.
    pub(crate) path: String,
    /// What is remarkable; empty for the value that has everything and nothing special.
    pub(crate) what: String,
    pub(crate) value: Value,
}

impl Probe {
    fn new(path: &str, what: impl Into<String>, value: impl Into<Value>) -> Self {
        Self {
            path: path.to_owned(),
            what: what.into(),
            value: value.into(),
        }
    }

    fn map(self, change: impl FnOnce(Value) -> Value) -> Self {
        Self {
            value: change(self.value),
            ..self
        }
    }
}

/// Structures of which only one member is given at a time, though the model does not say so.
const ONE_OF: [&str; 2] = ["StartPosition", "SegmentAttributeValue"];
/// Strings that are times.
const TIMES: [&str; 2] = ["ISO8601Datetime", "Instant"];
/// A value of an enum that the service may add.
pub(crate) const LATER: &str = "SOMETHING_LATER";
/// A text longer than any limit of the service.
const LONG: u64 = 40_000;

pub(crate) struct Model {
    json: Value,
    direction: Direction,
}

impl Model {
    pub(crate) fn load(path: &Path, direction: Direction) -> Self {
        let text = std::fs::read_to_string(path).unwrap();
        Self {
            json: serde_json::from_str(&text).unwrap(),
            direction,
        }
    }

    pub(crate) fn operations(&self) -> &Map<String, Value> {
        self.json["operations"].as_object().unwrap()
    }

    pub(crate) fn host(&self) -> &str {
        self.json["metadata"]["endpointPrefix"].as_str().unwrap()
    }

    pub(crate) fn shape(&self, name: &str) -> &Value {
        &self.json["shapes"][name]
    }

    /// The values of an enum.
    pub(crate) fn values(&self, shape: &str) -> Vec<&str> {
        let values = self.shape(shape)["enum"].as_array();
        let values = values.into_iter().flatten();
        values.filter_map(Value::as_str).collect()
    }

    /// Everything a shape may hold: the whole of it first, then each limit, each value of each
    /// enum, each member left out.
    pub(crate) fn allowed(&self, shape: &str) -> Vec<Probe> {
        let whole = self.whole(shape, "", &[]).unwrap();
        let mut probes = vec![Probe::new("", "", whole)];
        probes.extend(self.probes(shape, "", &[], true));
        probes
    }

    /// What is just beyond each limit.
    pub(crate) fn forbidden(&self, shape: &str) -> Vec<Probe> {
        self.probes(shape, "", &[], false)
    }

    /// The value with every member; `None` where a shape holds itself too deep.
    fn whole(&self, shape: &str, path: &str, above: &[&str]) -> Option<Value> {
        if above.iter().filter(|name| **name == shape).count() > 1 {
            return None;
        }
        let definition = self.shape(shape);
        let below = [above, &[shape]].concat();
        let (min, max) = limits(definition);
        match definition["type"].as_str().unwrap() {
            "string" if definition["enum"].is_array() => Some(definition["enum"][0].clone()),
            "string" if self.direction == Direction::Answer && TIMES.contains(&shape) => {
                Some("2026-01-31T12:00:00.000Z".into())
            }
            "string" => {
                // Its own place as text, so that no field can be taken for another.
                let secret = definition["sensitive"] == true;
                let text = format!("{}{path}", if secret { "SECRET " } else { "" });
                let length =
                    (text.chars().count() as u64).clamp(min.unwrap_or(1), max.unwrap_or(LONG));
                Some(sized(&text, length).into())
            }
            "integer" | "long" => Some(7.max(min.unwrap_or(7)).min(max.unwrap_or(7)).into()),
            "boolean" => Some(true.into()),
            "list" => {
                let member = definition["member"]["shape"].as_str().unwrap();
                let member = self.whole(member, &format!("{path}[]"), &below)?;
                Some(json!([member]))
            }
            "map" => {
                let value = definition["value"]["shape"].as_str().unwrap();
                let value = self.whole(value, &format!("{path}.value"), &below)?;
                Some(json!({ "key": value }))
            }
            "structure" => {
                let mut whole = Map::new();
                for (name, shape) in members(definition) {
                    if let Some(value) = self.whole(shape, &join(path, name), &below) {
                        whole.insert(name.to_owned(), value);
                        if one_of(shape_name(&below), definition) {
                            break;
                        }
                    }
                }
                Some(whole.into())
            }
            other => panic!("{shape} is a {other}, which this check cannot make"),
        }
    }

    fn probes(&self, shape: &str, path: &str, above: &[&str], allowed: bool) -> Vec<Probe> {
        let definition = self.shape(shape);
        let Some(whole) = self.whole(shape, path, above) else {
            return Vec::new();
        };
        let below = [above, &[shape]].concat();
        match definition["type"].as_str().unwrap() {
            "string" if definition["enum"].is_array() => self.enum_probes(shape, path, allowed),
            _ if self.direction == Direction::Answer && !whole.is_object() && !whole.is_array() => {
                Vec::new()
            }
            "string" => text_probes(definition, path, allowed),
            "integer" | "long" => number_probes(definition, path, allowed),
            "boolean" if allowed => vec![Probe::new(path, "false", false)],
            "boolean" => Vec::new(),
            "list" => self.list_probes(definition, path, &below, allowed),
            "map" => self.map_probes(definition, path, &below, allowed),
            _ => self.structure_probes(definition, &whole, path, &below, allowed),
        }
    }

    fn enum_probes(&self, shape: &str, path: &str, allowed: bool) -> Vec<Probe> {
        let probe = |value: &str| Probe::new(path, format!("= {value}"), value);
        match self.direction {
            Direction::Request if !allowed => vec![probe(LATER)],
            Direction::Request => self.values(shape).into_iter().map(probe).collect(),
            Direction::Answer if !allowed => Vec::new(),
            Direction::Answer => {
                let values = self.values(shape).into_iter().map(probe);
                values.chain([probe(LATER)]).collect()
            }
        }
    }

    fn list_probes(&self, list: &Value, path: &str, below: &[&str], allowed: bool) -> Vec<Probe> {
        let member = list["member"]["shape"].as_str().unwrap();
        let place = format!("{path}[]");
        let mut probes: Vec<_> = self
            .probes(member, &place, below, allowed)
            .into_iter()
            .map(|probe| probe.map(|value| json!([value])))
            .collect();
        if self.direction == Direction::Answer {
            return probes;
        }
        let different = self.different(member, &place, below);
        let mut sized = |size: u64| {
            let items: Vec<_> = different.iter().cycle().take(size as usize).collect();
            probes.push(Probe::new(path, format!("of {size} items"), json!(items)));
        };
        let (min, max) = limits(list);
        if allowed {
            min.into_iter().filter(|min| *min > 1).for_each(&mut sized);
            max.into_iter().for_each(&mut sized);
            let all = different.len() as u64;
            if all > 1 && max.is_none_or(|max| all < max) {
                sized(all);
            }
        } else {
            min.and_then(|min| min.checked_sub(1))
                .into_iter()
                .for_each(&mut sized);
            max.into_iter().for_each(|max| sized(max + 1));
        }
        probes
    }

    /// Items that differ in the values of their enums: each value, or each combination of values.
    fn different(&self, shape: &str, path: &str, above: &[&str]) -> Vec<Value> {
        let values = self.values(shape);
        if !values.is_empty() {
            return values.into_iter().map(Value::from).collect();
        }
        let mut different: Vec<_> = self.whole(shape, path, above).into_iter().collect();
        let definition = self.shape(shape);
        if definition["type"] != "structure" || one_of(shape, definition) {
            return different;
        }
        for (name, shape) in members(definition) {
            let values = self.values(shape);
            if values.is_empty() {
                continue;
            }
            let mut combined = Vec::new();
            for value in values {
                for item in &mut different {
                    item[name] = value.into();
                }
                combined.extend_from_slice(&different);
            }
            different = combined;
        }
        different
    }

    fn map_probes(&self, map: &Value, path: &str, below: &[&str], allowed: bool) -> Vec<Probe> {
        if self.direction == Direction::Answer {
            return Vec::new();
        }
        let value_shape = map["value"]["shape"].as_str().unwrap();
        // What the value needs counts against a limit on the whole, so it is short.
        let short = match limits(self.shape(value_shape)) {
            (Some(0), _) => "".into(),
            _ => self
                .whole(value_shape, &format!("{path}.value"), below)
                .unwrap(),
        };
        let key_shape = self.shape(map["key"]["shape"].as_str().unwrap());
        let keys = text_probes(key_shape, &format!("{path}.key"), allowed);
        let keys = keys.into_iter().map(|probe| {
            probe.map(|key| json!({ key.as_str().unwrap().replace('.', "-"): short }))
        });
        let values = self.probes(value_shape, &format!("{path}.value"), below, allowed);
        let values = values
            .into_iter()
            .map(|probe| probe.map(|value| json!({ "k": value })));
        keys.chain(values).collect()
    }

    fn structure_probes(
        &self,
        structure: &Value,
        whole: &Value,
        path: &str,
        below: &[&str],
        allowed: bool,
    ) -> Vec<Probe> {
        let one_of = one_of(shape_name(below), structure);
        let mut probes = Vec::new();
        for (name, shape) in members(structure) {
            let place = join(path, name);
            let with = |value: Value| {
                let mut structure = if one_of { json!({}) } else { whole.clone() };
                structure[name] = value;
                structure
            };
            if one_of && allowed {
                let alone = self.whole(shape, &place, below);
                probes.extend(alone.map(|value| Probe::new(&place, "alone", with(value))));
            }
            let inner = self.probes(shape, &place, below, allowed);
            probes.extend(inner.into_iter().map(|probe| probe.map(with)));
            if !allowed && is_required(structure, name) {
                let mut without = whole.clone();
                without.as_object_mut().unwrap().remove(name);
                probes.push(Probe::new(&place, "missing", without));
            }
            // An empty structure says nothing, except for the whole request.
            let worth = whole.as_object().unwrap().len() > 1 || path.is_empty();
            if allowed && worth && !one_of && !is_required(structure, name) {
                let mut without = whole.clone();
                without.as_object_mut().unwrap().remove(name);
                probes.push(Probe::new(&place, "absent", without));
            }
        }
        probes
    }
}

fn one_of(shape: &str, definition: &Value) -> bool {
    definition["union"] == true || ONE_OF.contains(&shape)
}

fn shape_name<'a>(below: &[&'a str]) -> &'a str {
    below.last().unwrap()
}

/// The members of a structure and their shapes.
pub(crate) fn members(structure: &Value) -> impl Iterator<Item = (&str, &str)> {
    let members = structure["members"].as_object().unwrap();
    members
        .iter()
        .map(|(name, member)| (name.as_str(), member["shape"].as_str().unwrap()))
}

fn is_required(structure: &Value, member: &str) -> bool {
    let required = structure["required"].as_array();
    required.is_some_and(|required| required.iter().any(|name| name == member))
}

fn limits(definition: &Value) -> (Option<u64>, Option<u64>) {
    (definition["min"].as_u64(), definition["max"].as_u64())
}

fn text_probes(definition: &Value, path: &str, allowed: bool) -> Vec<Probe> {
    let (min, max) = limits(definition);
    let probe = |length| {
        let text = sized(path, length);
        Probe::new(path, format!("of {length} characters"), text)
    };
    if allowed {
        return [min.unwrap_or(0), max.unwrap_or(LONG)].map(probe).into();
    }
    let below = min.and_then(|min| min.checked_sub(1));
    let mut probes: Vec<_> = below
        .into_iter()
        .chain(max.map(|max| max + 1))
        .map(probe)
        .collect();
    if definition["pattern"].is_string() {
        let against = "\u{0}".repeat(min.unwrap_or(1) as usize);
        probes.push(Probe::new(path, "against its pattern", against));
    }
    probes
}

fn number_probes(definition: &Value, path: &str, allowed: bool) -> Vec<Probe> {
    let (min, max) = limits(definition);
    let probe = |number: i64| Probe::new(path, format!("= {number}"), number);
    let (min, max) = (min.map(|min| min as i64), max.map(|max| max as i64));
    if allowed {
        return min.into_iter().chain(max).map(probe).collect();
    }
    let beyond = min
        .map(|min| min - 1)
        .into_iter()
        .chain(max.map(|max| max + 1));
    beyond.map(probe).collect()
}

/// The text, cut or filled up to this many characters.
fn sized(text: &str, length: u64) -> String {
    let filled = text.chars().chain(std::iter::repeat('x'));
    filled.take(length as usize).collect()
}

fn join(path: &str, member: &str) -> String {
    if path.is_empty() {
        return member.to_owned();
    }
    format!("{path}.{member}")
}
