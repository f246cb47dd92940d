//! Starts `connect-chat simulate` and speaks to its control API.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

/// A simulator in a process of its own, which ends with this value.
pub struct Simulator {
    child: Child,
    pub endpoint: String,
    control: String,
}

impl Simulator {
    /// Starts it with these arguments.
    pub fn start(arguments: &[&str]) -> Self {
        let program = std::env::var("CONNECT_CHAT").expect("CONNECT_CHAT names the program");
        let mut child = Command::new(program)
            .arg("simulate")
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("a pipe");
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        let ready: Value = serde_json::from_str(&line).expect("JSON");
        let text = |name: &str| ready[name].as_str().expect("a text").to_owned();
        Self {
            child,
            endpoint: text("endpoint"),
            control: text("control"),
        }
    }

    pub fn get(&self, path: &str) -> Value {
        read(ureq::get(format!("{}{path}", self.control)).call())
    }

    pub fn post(&self, path: &str, body: Value) -> Value {
        let request = ureq::post(format!("{}{path}", self.control));
        read(request.send(body.to_string()))
    }
}

fn read(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Value {
    let text = answer
        .expect("the control API succeeds")
        .body_mut()
        .read_to_string()
        .expect("text");
    serde_json::from_str(&text).expect("JSON")
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
    }
}
