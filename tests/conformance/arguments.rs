//! Arguments, as `cargo test` passes them on: those of Rust's own harness do no harm.

/// What is to be done.
pub(crate) enum Task {
    /// Name the behaviours.
    List,
    /// Show the behaviours in this column, in this process.
    Column(String),
    /// Show them in all columns.
    Matrix,
}

pub(crate) struct Arguments {
    pub(crate) task: Task,
    /// Behaviours whose name contains one of these; all when there is none.
    filters: Vec<String>,
    skip: Vec<String>,
    exact: bool,
    /// Whether only those are wanted that are ignored otherwise: there are none.
    ignored: bool,
}

/// The options of Rust's own harness that take a value.
const WITH_VALUE: [&str; 6] = [
    "--color",
    "--format",
    "--logfile",
    "--shuffle-seed",
    "--test-threads",
    "-Z",
];

impl Arguments {
    pub(crate) fn read(mut given: impl Iterator<Item = String>) -> Self {
        let mut arguments = Self {
            task: Task::Matrix,
            filters: Vec::new(),
            skip: Vec::new(),
            exact: false,
            ignored: false,
        };
        while let Some(argument) = given.next() {
            match argument.as_str() {
                "--list" => arguments.task = Task::List,
                "--exact" => arguments.exact = true,
                "--ignored" => arguments.ignored = true,
                "--skip" => arguments.skip.extend(given.next()),
                "--column" => {
                    if let Some(column) = given.next() {
                        arguments.task = Task::Column(column);
                    }
                }
                other if WITH_VALUE.contains(&other) => {
                    given.next();
                }
                other if other.starts_with('-') => {}
                // Names are words of a sentence: they can be asked for with spaces too.
                _ => arguments.filters.push(argument.replace(' ', "_")),
            }
        }
        arguments
    }

    pub(crate) fn wants(&self, name: &str) -> bool {
        let hits = |filter: &String| {
            if self.exact {
                name == filter
            } else {
                name.contains(filter.as_str())
            }
        };
        let filtered = self.filters.is_empty() || self.filters.iter().any(hits);
        filtered && !self.skip.iter().any(hits) && !self.ignored
    }

    /// Whether every behaviour is wanted.
    pub(crate) fn is_everything(&self) -> bool {
        self.filters.is_empty() && self.skip.is_empty() && !self.ignored
    }
}
