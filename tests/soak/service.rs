//! The service's process, as the soak has it.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::Failure;
use crate::serve::{Order, Report};

/// A running service. It ends when this is dropped.
pub(crate) struct Service {
    process: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    pub(crate) endpoint: String,
}

impl Service {
    pub(crate) fn start(seed: u64) -> Result<Self, Failure> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(["serve", &seed.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let orders = process.stdin.take();
        let answers = process.stdout.take().ok_or("the service has no output")?;
        let mut service = Self {
            process,
            orders,
            answers: BufReader::new(answers),
            endpoint: String::new(),
        };
        service.endpoint = service.answer()?;
        Ok(service)
    }

    pub(crate) fn order(&mut self, order: &Order) -> Result<(), Failure> {
        self.ask(order).map(drop)
    }

    pub(crate) fn report(&mut self) -> Result<Report, Failure> {
        Ok(serde_json::from_str(&self.ask(&Order::Report)?)?)
    }

    fn ask(&mut self, order: &Order) -> Result<String, Failure> {
        let orders = self.orders.as_mut().ok_or("the service has no input")?;
        writeln!(orders, "{}", serde_json::to_string(order)?)?;
        self.answer()
    }

    fn answer(&mut self) -> Result<String, Failure> {
        let mut line = String::new();
        if self.answers.read_line(&mut line)? == 0 {
            return Err("the service has ended".into());
        }
        Ok(line.trim_end().to_owned())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.orders = None; // which it takes for the end
        let _ = self.process.wait();
    }
}
