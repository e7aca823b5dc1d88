//! Addresses, and what answers them.
//!
//! | address | answer |
//! |---|---|
//! | `/` | the studies of the store |
//! | `/study/NAME/` | a study's page, which keeps itself up to date |
//! | `/study/NAME/part` | the part of it that changes |
//! | `/study/NAME/events` | server-sent events: `state`, whenever the study is not as it was |
//! | `/api/studies` | the studies as JSON |
//! | `/api/studies/NAME` | what the page shows, as JSON |
//! | `/api/studies/NAME/trials?from=&limit=&order=` | trials, by `number` or `best` first |

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use bartune::report::{PageOptions, list_page};
use futures_util::stream::{Stream, unfold};
use serde::Deserialize;
use serde_json::{Value, json};

use super::host::Hosts;
use super::library::{Asked, Library, State as StudyState};

/// How often a study is looked at for a page that listens.
const LOOK: Duration = Duration::from_secs(1);
/// Most trials of one answer.
const MOST: u64 = 1_000;

type Shared = State<Arc<Library>>;

/// All of them, with the check of the `Host` before each.
pub(super) fn routes(library: Arc<Library>, hosts: Hosts) -> Router {
    Router::new()
        .route("/", get(list))
        .route("/study/{name}", get(to_page))
        .route("/study/{name}/", get(page))
        .route("/study/{name}/part", get(part))
        .route("/study/{name}/events", get(events))
        .route("/api/studies", get(api_list))
        .route("/api/studies/{name}", get(api_study))
        .route("/api/studies/{name}/trials", get(api_trials))
        .fallback(async || (StatusCode::NOT_FOUND, "there is nothing here; the studies are at /\n"))
        .with_state(library)
        .layer(from_fn_with_state(Arc::new(hosts), guard))
}

/// Refuse what calls this machine by a name that is not its own; tell browsers to trust nothing else.
async fn guard(State(hosts): State<Arc<Hosts>>, request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    if !hosts.is_let_in(host) {
        let text = "this server does not go by that name; start it with `--host NAME` if it should\n";
        return (StatusCode::MISDIRECTED_REQUEST, text).into_response();
    }
    let mut response = next.run(request).await;
    let headers = [
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    for (name, value) in headers {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Do what may wait for a database on a thread that may.
async fn waited<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T, Response> {
    let done = tokio::task::spawn_blocking(work).await;
    let problem = match done {
        Ok(Ok(found)) => return Ok(found),
        Ok(Err(error)) => format!("{error:#}\n"),
        Err(_) => "the page could not be made: a thread broke; its message is in the server's terminal\n".to_owned(),
    };
    Err((StatusCode::INTERNAL_SERVER_ERROR, problem).into_response())
}

fn missing(name: &str) -> Response {
    (StatusCode::NOT_FOUND, format!("the store has no study `{name}` (yet); the studies are at /\n")).into_response()
}

async fn list(State(library): Shared) -> Result<Html<String>, Response> {
    waited(move || Ok(Html(list_page(&library.place(), &library.studies()?)))).await
}

async fn to_page(request: Request) -> Redirect {
    Redirect::permanent(&format!("{}/", request.uri().path()))
}

async fn page(State(library): Shared, Path(name): Path<String>) -> Result<Html<String>, Response> {
    let of = name.clone();
    let page = waited(move || Ok(library.report(&of)?.map(|made| made.report.to_html(PageOptions::Live)))).await?;
    page.map(Html).ok_or_else(|| missing(&name))
}

/// With the revision that it shows, since a page is not made anew for every trial.
async fn part(State(library): Shared, Path(name): Path<String>) -> Result<Response, Response> {
    let of = name.clone();
    let part = waited(move || Ok(library.report(&of)?.map(|made| (made.report.to_html_part(), made.revision.clone()))));
    let (html, revision) = part.await?.ok_or_else(|| missing(&name))?;
    Ok(([("x-revision", revision)], Html(html)).into_response())
}

async fn events(
    State(library): Shared,
    Path(name): Path<String>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let changes =
        unfold((library, name, None), async |(library, name, before): (Arc<Library>, String, Option<StudyState>)| {
            loop {
                if before.is_some() {
                    tokio::time::sleep(LOOK).await;
                }
                let (looked, of) = (Arc::clone(&library), name.clone());
                let state = match tokio::task::spawn_blocking(move || looked.state(&of)).await {
                    Ok(Ok(state)) => state,
                    Ok(Err(error)) => {
                        StudyState { revision: String::new(), text: format!("{error:#}"), is_running: false }
                    }
                    Err(_) => return None,
                };
                if before.as_ref() != Some(&state) {
                    let data = json!({ "revision": state.revision, "text": state.text, "running": state.is_running });
                    let event = Event::default().event("state").data(data.to_string());
                    return Some((Ok(event), (library, name, Some(state))));
                }
            }
        });
    Sse::new(changes).keep_alive(KeepAlive::new().interval(Duration::from_secs(15)))
}

fn json_answer(value: &Value) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], Body::from(format!("{value}\n"))).into_response()
}

async fn api_list(State(library): Shared) -> Result<Response, Response> {
    let studies = waited(move || Ok(json!({ "storage": library.place(), "studies": library.studies()? }))).await?;
    Ok(json_answer(&studies))
}

async fn api_study(State(library): Shared, Path(name): Path<String>) -> Result<Response, Response> {
    let of = name.clone();
    let report = waited(move || Ok(library.report(&of)?.map(|made| made.report.to_json()))).await?;
    report.map(|report| json_answer(&report)).ok_or_else(|| missing(&name))
}

/// What may follow `trials?`.
#[derive(Debug, Deserialize)]
struct TrialsQuery {
    #[serde(default)]
    from: u64,
    #[serde(default = "hundred")]
    limit: u64,
    #[serde(default)]
    order: Order,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Order {
    #[default]
    Number,
    Best,
}

fn hundred() -> u64 {
    100
}

async fn api_trials(
    State(library): Shared,
    Path(name): Path<String>,
    Query(query): Query<TrialsQuery>,
) -> Result<Response, Response> {
    let asked = Asked { from: query.from, limit: query.limit.min(MOST), is_best_first: query.order == Order::Best };
    let of = name.clone();
    let trials = waited(move || library.trials(&of, asked)).await?;
    trials.map(|trials| json_answer(&trials)).ok_or_else(|| missing(&name))
}
