//! `bartune serve`: read-only, for this machine only, of a study that runs or is gone.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{Sandbox, command};

const STUDY: &str = "examples/sp500_trend.toml";

/// A server that ends with the test.
struct Server {
    child: Child,
    port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    fn start(sandbox: &Sandbox, source: &str) -> Self {
        let mut child = command(sandbox.folder(), &format!("serve {source} --port 0"))
            .stderr(Stdio::inherit())
            .spawn()
            .expect("the binary starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("it is piped");
        BufReader::new(stdout).read_line(&mut line).expect("it is text");
        let port = line.split("127.0.0.1:").nth(1).and_then(|rest| rest.split('/').next()?.parse().ok());
        Self { child, port: port.unwrap_or_else(|| panic!("no address in `{line}`")) }
    }

    /// Status and body of one request.
    fn request(&self, method: &str, path: &str, host: &str) -> (u16, String) {
        let mut stream = self.connect();
        write!(stream, "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").expect("it is sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it is text");
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
        let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        (status.unwrap_or_else(|| panic!("no status in `{answer}`")), body.to_owned())
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a timeout can be set");
        stream
    }

    fn get(&self, path: &str) -> (u16, String) {
        self.request("GET", path, "localhost")
    }

    fn json(&self, path: &str) -> Value {
        let (status, body) = self.get(path);
        assert_eq!(status, 200, "{body}");
        serde_json::from_str(&body).unwrap_or_else(|error| panic!("no JSON: {error}: {body}"))
    }

    /// Whether something becomes true within a minute.
    fn becomes(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + Duration::from_secs(60);
        while !holds(self) {
            assert!(Instant::now() < deadline, "{what}: not within a minute");
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

#[test]
fn a_stored_study_is_shown_and_nothing_is_written() {
    let sandbox = Sandbox::new();
    sandbox.run(&format!("run {STUDY} --trials 40 --json")).exits(0);
    let before = std::fs::read(sandbox.path("examples/sp500_trend.db")).expect("the database is there");
    let server = Server::start(&sandbox, STUDY);
    let (status, list) = server.get("/");
    assert!(status == 200 && list.contains("<a href=\"/study/sp500-trend/\">"), "{list}");
    let (status, page) = server.get("/study/sp500-trend/");
    assert!(status == 200 && page.contains("connect-src 'self'") && page.contains("data-chart=\"equity\""));
    assert_eq!(server.json("/api/studies")["studies"][0]["trials"], 40);
    assert_eq!(server.json("/api/studies/sp500-trend")["trials"]["total"], 40);
    let some = server.json("/api/studies/sp500-trend/trials?from=38&limit=10");
    assert_eq!((some["total"].as_u64(), some["trials"].as_array().map(Vec::len)), (Some(40), Some(2)));
    let best = server.json("/api/studies/sp500-trend/trials?order=best&limit=1");
    let winner = server.json("/api/studies/sp500-trend")["winner"]["number"].clone();
    assert_eq!(best["trials"][0]["number"], winner);
    drop(server);
    assert_eq!(before, std::fs::read(sandbox.path("examples/sp500_trend.db")).expect("it is still there"));
}

#[test]
fn only_reading_by_names_of_this_machine_is_answered() {
    let sandbox = Sandbox::new();
    sandbox.run(&format!("run {STUDY} --trials 5 --json"));
    let server = Server::start(&sandbox, "sqlite:///examples/sp500_trend.db");
    assert_eq!(server.request("GET", "/", "evil.example").0, 421);
    assert_eq!(server.request("GET", "/api/studies", "127.0.0.1").0, 200);
    assert_eq!(server.request("HEAD", "/", "localhost"), (200, String::new()));
    for method in ["POST", "PUT", "DELETE"] {
        assert_eq!(server.request(method, "/api/studies/sp500-trend", "localhost").0, 405, "{method}");
    }
    assert_eq!(server.get("/study/none/").0, 404);
    assert_eq!(server.get("/nothing").0, 404);
    let (status, page) = server.get("/study/sp500-trend/");
    assert!(status == 200 && page.contains("from the store alone"), "{page}");
    let taken = sandbox.run(&format!("serve {STUDY} --port {}", server.port));
    taken.exits(2).says("is taken: name another with `--port`");
    sandbox.run("serve sqlite:///none.db --port 0").exits(2);
}

#[test]
fn a_page_follows_a_run_that_begins_and_is_killed() {
    let sandbox = Sandbox::new();
    let server = Server::start(&sandbox, STUDY);
    assert!(server.get("/").1.contains("There are no studies yet"));
    let stream = server.connect();
    let mut run = sandbox.start(&format!("run {STUDY} --trials 1000000 --no-progress"));
    server.becomes("trials arrive", |server| {
        server.get("/api/studies/sp500-trend").0 == 200
            && server.json("/api/studies/sp500-trend")["trials"]["total"] != 0
    });
    let mut sending = stream.try_clone().expect("a socket can be used twice");
    write!(sending, "GET /study/sp500-trend/events HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("it is sent");
    let mut states = BufReader::new(stream).lines().map_while(Result::ok).filter(|line| line.starts_with("data: "));
    assert!(states.next().is_some_and(|line| line.contains("\"running\":true")), "the run is seen");
    assert!(states.next().is_some(), "and what changes is told");
    run.kill().expect("it can be killed");
    run.wait().expect("it was started here");
    let last = states.find(|line| line.contains("\"running\":false"));
    assert!(last.is_some_and(|line| line.contains("at rest")), "that it was killed is seen");
    let total = server.json("/api/studies")["studies"][0]["trials"].clone();
    server.becomes("the page has every trial", |server| {
        server.json("/api/studies/sp500-trend")["trials"]["total"] == total
    });
}

#[test]
fn told_to_end_it_ends_well() {
    let sandbox = Sandbox::new();
    let mut server = Server::start(&sandbox, STUDY);
    let mut stream = server.connect();
    write!(stream, "GET /study/x/events HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("it is sent");
    let mut first = [0; 1];
    stream.read_exact(&mut first).expect("the stream has begun");
    let sent = Command::new("kill").args(["-INT", &server.child.id().to_string()]).status().expect("kill is there");
    assert!(sent.success());
    let status = server.child.wait().expect("it was started here");
    assert_eq!(status.code(), Some(0));
}
