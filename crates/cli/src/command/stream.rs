//! `bartune stream`: the strategy live, bars from stdin, decisions, orders and fills to stdout.

use std::io::{self, BufRead};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use bartune::config::Plan;
use bartune::engine::Params;
use bartune::engine::bars::{self, Bars, RowFormat, RowReader};
use bartune::live::Live;

use super::study::{chosen_params, given_params, open_data, read_plan, storage_url};
use crate::args::{FormatArg, StreamArgs};
use crate::exit::Exit;
use crate::output;

/// The state is saved no more often than this while bars arrive, and once at the end.
const SAVE_EVERY: Duration = Duration::from_secs(5);

/// Lines that may wait between reading and running.
const WAITING_LINES: usize = 1024;

pub(crate) fn run(args: &StreamArgs) -> Result<Exit> {
    let mut plan = read_plan(&args.study, &[])?;
    let (live, timeframe_ns) = start(args, &mut plan)?;
    let format = match args.format {
        FormatArg::Csv => RowFormat::Csv,
        FormatArg::Json => RowFormat::JsonLines,
    };
    let reader = RowReader::new("stdin", (format, timeframe_ns), plan.data.load.clone());
    let reader = match live.last_bar() {
        Some(last) => reader.after(last),
        None => reader,
    };
    let mut stream = Stream { live, reader, state: args.state.clone(), saved: Instant::now() };
    let ended = Feed::open()?.follow(&mut stream);
    let saved = stream.save();
    if let (Err(error), Err(_)) = (&ended, &saved) {
        eprintln!("error: {error:#}");
    }
    saved?;
    ended
}

/// The run before its first line: restored, or warmed on the history, or new.
fn start(args: &StreamArgs, plan: &mut Plan) -> Result<(Live, i64)> {
    let dataset = args.choice.trial.map(|_| open_data(plan, &args.study)).transpose()?;
    let params = match &dataset {
        Some(dataset) => chosen_params(&args.choice, plan, dataset, &storage_url(&args.storage, &args.study.study))?,
        None => given_params(&args.choice, plan)?,
    };
    let state = args.state.as_deref().filter(|path| path.exists());
    let history = args.history.as_deref().filter(|_| state.is_none());
    let history = history.map(|path| bars::load(path, &plan.data.load).map_err(bartune::Error::from)).transpose()?;
    let history = history.map(|loaded| loaded.bars);
    let timeframe_ns = match (plan.data.load.timeframe_ns, &dataset, &history) {
        (Some(timeframe_ns), _, _) => timeframe_ns,
        (None, Some(dataset), _) => dataset.bars.timeframe_ns(),
        (None, None, Some(history)) => history.timeframe_ns(),
        (None, None, None) => {
            let dataset = open_data(plan, &args.study).context(
                "the timeframe of the bars is taken from the study's own; to stream without them, \
                 name it, as in `--set data.timeframe=1h`",
            )?;
            dataset.bars.timeframe_ns()
        }
    };
    let live = match state {
        Some(path) => restore(args, (plan, &params), timeframe_ns, path)?,
        None => warmed(Live::new(plan, &params, timeframe_ns)?, history.as_ref(), args)?,
    };
    Ok((live, timeframe_ns))
}

fn restore(args: &StreamArgs, (plan, params): (&Plan, &Params), timeframe_ns: i64, path: &Path) -> Result<Live> {
    let live = Live::restore(plan, params, timeframe_ns, path)?;
    eprintln!("note: {} bars restored from {}", live.bars_seen(), path.display());
    if let Some(history) = &args.history {
        eprintln!("note: {} was not read: the restored run has its history", history.display());
    }
    Ok(live)
}

fn warmed(mut live: Live, history: Option<&Bars>, args: &StreamArgs) -> Result<Live> {
    if let (Some(history), Some(path)) = (history, &args.history) {
        live.warm_up(history).with_context(|| path.display().to_string())?;
    }
    if live.warmup().is_none_or(|warmup| warmup > live.bars_seen()) {
        let bars = live.bars_seen();
        let from = live.warmup().map_or_else(String::new, |warmup| format!(" before bar {warmup}"));
        eprintln!(
            "note: no decisions{from}: {bars} bars of history are fewer than the warm-up; give more with --history"
        );
    }
    Ok(live)
}

/// The run, what reads its bars and where it is kept.
struct Stream {
    live: Live,
    reader: RowReader,
    state: Option<PathBuf>,
    /// When it was last saved.
    saved: Instant,
}

impl Stream {
    fn line(&mut self, text: &str, number: u64) -> Result<()> {
        let Some(bar) = self.reader.read(text, number).map_err(bartune::Error::from)? else {
            return Ok(());
        };
        let lines = output::live_bar(&self.live.update(&bar));
        output::print(&lines)?;
        if self.saved.elapsed() >= SAVE_EVERY {
            self.save()?;
        }
        Ok(())
    }

    fn save(&mut self) -> Result<()> {
        if let Some(path) = &self.state {
            self.live.save(path)?;
            self.saved = Instant::now();
        }
        Ok(())
    }
}

/// What reaches the main thread.
enum Message {
    Line(String),
    Failed(io::Error),
    End,
    Stop,
}

/// Lines of stdin, read on a thread of their own so that Ctrl-C is heard while none come.
struct Feed {
    messages: Receiver<Message>,
    is_stopped: Arc<AtomicBool>,
}

impl Feed {
    fn open() -> Result<Self> {
        let (sender, messages) = mpsc::sync_channel(WAITING_LINES);
        let is_stopped = Arc::new(AtomicBool::new(false));
        let (stop, wake) = (Arc::clone(&is_stopped), sender.clone());
        let handler = move || {
            // The second signal does not wait for a bar that is being written.
            if stop.swap(true, Ordering::SeqCst) {
                std::process::exit(130);
            }
            // A full channel needs no waking.
            let _ = wake.try_send(Message::Stop);
        };
        ctrlc::set_handler(handler).context("cannot listen for Ctrl-C")?;
        std::thread::spawn(move || read_lines(&sender));
        Ok(Self { messages, is_stopped })
    }

    /// Feed the run until stdin ends, a line is bad, nobody reads any more, or Ctrl-C.
    fn follow(&self, stream: &mut Stream) -> Result<Exit> {
        let mut number = 0;
        let mut exit = Exit::Fine;
        for message in &self.messages {
            if self.is_stopped.load(Ordering::SeqCst) {
                exit = Exit::Interrupted;
                break;
            }
            match message {
                Message::Line(text) => {
                    number += 1;
                    stream.line(&text, number)?;
                }
                Message::Failed(error) => return Err(error).context("cannot read stdin"),
                Message::End | Message::Stop => break,
            }
        }
        output::print(&output::live_end(&stream.live))?;
        Ok(exit)
    }
}

fn read_lines(sender: &SyncSender<Message>) {
    let mut stdin = io::stdin().lock();
    loop {
        let mut line = Vec::new();
        let message = match stdin.read_until(b'\n', &mut line) {
            Ok(0) => Message::End,
            Ok(_) => Message::Line(String::from_utf8_lossy(&line).into_owned()),
            Err(error) => Message::Failed(error),
        };
        let is_last = !matches!(message, Message::Line(_));
        // The other side is gone only when the process ends.
        if sender.send(message).is_err() || is_last {
            return;
        }
    }
}
