//! Running the program.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot run its program has failed"
)]

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// How long anything may take; far longer than it does.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);
const TOKEN: &str = "CONNECT_CHAT_PARTICIPANT_TOKEN";

/// The program, not started.
pub(crate) fn connect_chat() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_connect-chat"));
    command
        .env_remove(TOKEN)
        .env_remove("NO_COLOR")
        .env_remove("CLICOLOR_FORCE")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// What a run that ends by itself has left.
pub(crate) struct Ran {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs the program to its end.
pub(crate) fn run<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Ran {
    Program::start(connect_chat().args(arguments)).end()
}

/// A running program.
pub(crate) struct Program {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Receiver<String>,
    stderr: Receiver<String>,
    /// Events that have come and have not been asked for.
    passed: Vec<Value>,
}

impl Program {
    pub(crate) fn start(command: &mut Command) -> Self {
        let (mut program, stdout) = Self::start_unread(command);
        program.stdout = lines_of(Some(stdout));
        program
    }

    /// A program whose standard output is read by the caller, or not at all.
    pub(crate) fn start_unread(command: &mut Command) -> (Self, ChildStdout) {
        let mut child = command.spawn().unwrap();
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().unwrap();
        let stderr = lines_of(child.stderr.take());
        let program = Self {
            child,
            stdin,
            stdout: lines_of(None::<ChildStdout>),
            stderr,
            passed: Vec::new(),
        };
        (program, stdout)
    }

    /// The next line of standard output.
    pub(crate) fn line(&self) -> String {
        self.stdout
            .recv_timeout(DEADLINE)
            .unwrap_or_else(|_| panic!("no line came; standard error: {:?}", self.drain_errors()))
    }

    /// The next line of standard output with this in it; others pass by.
    pub(crate) fn line_with(&self, text: &str) -> String {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let line = self.line();
            if line.contains(text) {
                return line;
            }
            assert!(Instant::now() < deadline, "no line has {text:?}");
        }
    }

    /// The next line of standard error.
    pub(crate) fn error_line(&self) -> String {
        self.stderr.recv_timeout(DEADLINE).expect("no line came")
    }

    /// The names of the program's threads, on Linux.
    pub(crate) fn thread_names(&self) -> Vec<String> {
        let threads = std::fs::read_dir(format!("/proc/{}/task", self.child.id())).unwrap();
        let name = |thread: std::io::Result<std::fs::DirEntry>| {
            std::fs::read_to_string(thread.unwrap().path().join("comm"))
        };
        // One that has just ended has no name.
        threads.filter_map(|thread| name(thread).ok()).collect()
    }

    fn drain_errors(&self) -> Vec<String> {
        self.stderr.try_iter().collect()
    }

    /// The first event of this name that meets the condition and has not been asked for yet.
    /// What passes by on the way stays to be asked for.
    pub(crate) fn event(&mut self, name: &str, condition: impl Fn(&Value) -> bool) -> Value {
        let wanted = |event: &Value| event["event"] == name && condition(event);
        if let Some(at) = self.passed.iter().position(wanted) {
            return self.passed.remove(at);
        }
        let deadline = Instant::now() + DEADLINE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(line) = self.stdout.recv_timeout(left) else {
                panic!("no {name} came, but {:#?}", self.passed);
            };
            let event: Value = serde_json::from_str(&line).unwrap();
            if wanted(&event) {
                return event;
            }
            self.passed.push(event);
        }
    }

    /// Writes a line to standard input.
    pub(crate) fn say(&mut self, line: impl AsRef<[u8]>) {
        let stdin = self.stdin.as_mut().unwrap();
        let line = [line.as_ref(), b"\n"].concat();
        stdin.write_all(&line).unwrap();
    }

    /// Ends standard input.
    pub(crate) fn end_input(&mut self) {
        self.stdin = None;
    }

    /// Sends a signal by its name.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let status = Command::new("kill").args(["-s", name, &id]).status();
        assert!(status.unwrap().success());
    }

    /// Ends it at once, in the middle of whatever it does.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// The exit status, once it has ended by itself.
    pub(crate) fn status(&mut self) -> i32 {
        let deadline = Instant::now() + DEADLINE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code().expect("ended by a signal");
            }
            assert!(Instant::now() < deadline, "it does not end");
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// What it has left, once it has ended by itself.
    pub(crate) fn end(mut self) -> Ran {
        let status = self.status();
        let all = |lines: &Receiver<String>| lines.iter().collect::<Vec<_>>().join("\n");
        Ran {
            status,
            stdout: all(&self.stdout),
            stderr: all(&self.stderr),
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lines_of(stream: Option<impl Read + Send + 'static>) -> Receiver<String> {
    let (sender, receiver) = channel();
    if let Some(stream) = stream {
        thread::spawn(move || {
            for line in BufReader::new(stream).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
    }
    receiver
}

/// A simulator in a process of its own, with one chat.
pub(crate) struct Simulated {
    pub(crate) program: Program,
    pub(crate) endpoint: String,
    pub(crate) contact_id: String,
    pub(crate) participant_id: String,
    pub(crate) token: String,
    /// The command line for `chat`.
    pub(crate) command_line: String,
}

impl Simulated {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut command = connect_chat();
        command.args(["simulate", "--start-chat"]).args(arguments);
        let program = Program::start(&mut command);
        let ready: Value = serde_json::from_str(&program.line()).unwrap();
        let value = |name: &str| {
            let line = program.error_line();
            let value = line.strip_prefix(name).unwrap_or_else(|| panic!("{line}"));
            value.trim().to_owned()
        };
        let contact_id = value("contact_id");
        let participant_id = value("participant_id");
        let token = value("participant_token");
        value("Connect within");
        let command_line = program.error_line();
        Self {
            endpoint: ready["endpoint"].as_str().unwrap().to_owned(),
            contact_id,
            participant_id,
            token,
            command_line,
            program,
        }
    }

    /// With an agent who follows this script.
    pub(crate) fn scripted(name: &str, script: &str) -> Self {
        Self::start(&["--script", &file(name, script)])
    }

    /// `pipe` in this chat, not started.
    pub(crate) fn pipe_command(&self) -> Command {
        let mut command = connect_chat();
        command
            .args(["pipe", "--endpoint", &self.endpoint])
            .args(["--contact-id", &self.contact_id])
            .args(["--participant-id", &self.participant_id])
            .env(TOKEN, &self.token)
            .stdin(Stdio::piped());
        command
    }

    /// `pipe` that goes on from this file.
    pub(crate) fn resumed_pipe(&self, path: &str) -> Program {
        let mut command = connect_chat();
        command
            .args(["pipe", "--endpoint", &self.endpoint, "--resume", path])
            .stdin(Stdio::piped());
        Program::start(&mut command)
    }

    /// `pipe` in this chat.
    pub(crate) fn pipe(&self) -> Program {
        Program::start(&mut self.pipe_command())
    }

    /// `pipe` in this chat, connected.
    pub(crate) fn connected_pipe(&self) -> Program {
        let mut pipe = self.pipe();
        pipe.event("connection_established", |_| true);
        pipe
    }
}

/// The control API of a simulator, over a plain connection.
pub(crate) fn look(endpoint: &str, path: &str) -> Value {
    let address = endpoint.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!("GET /_sim/{path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap()
}

/// Writes a file for a test. Answers its path.
pub(crate) fn file(name: &str, text: &str) -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}
