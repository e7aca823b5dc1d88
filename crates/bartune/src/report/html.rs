//! The sections as one HTML page that needs nothing else: no network, no other file.
//!
//! Every text is escaped where it is written; the data of the charts is JSON in which `<` is `\u003c`, so that no text can
//! end its script. A content security policy names the page's two scripts by their hashes and allows nothing else.

use std::fmt::Write as _;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::judged::Judged;
use super::market::Market;
use super::outline::{Block, Cell, Chart, Column, Section, Size, Table, Tone, sections};
use super::search::Search;
use super::words::{moment_text, whole};
use super::{Part, Report};

const STYLE: &str = include_str!("assets/page.css");
const SCRIPT: &str = concat!(include_str!("assets/charts.js"), include_str!("assets/page.js"));
const ECHARTS: &str = include_str!("assets/echarts.min.js");
/// Rows from which a table is folded away.
const LONG: usize = 30;
/// Lines from which a text is folded away.
const LONG_TEXT: usize = 12;

/// What kind of page it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PageOptions {
    /// A file that stands for itself.
    #[default]
    File,
    /// A page that a server keeps up to date: it listens to `events` and reads `part`, both beside it.
    Live,
}

/// What the charts are drawn from.
#[derive(Serialize)]
struct ChartData<'a> {
    search: &'a Search,
    market: &'a Part<Market>,
    judged: &'a Part<Judged>,
}

/// A text that is safe between tags and in attributes.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            _ => safe.push(letter),
        }
    }
    safe
}

/// JSON that no text can break out of.
fn embedded(value: &impl Serialize) -> String {
    let text = serde_json::to_string(value).expect("charts have text keys and numbers only");
    text.replace('<', "\\u003c").replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
}

/// The whole page.
pub(super) fn page(report: &Report, options: PageOptions) -> String {
    let is_live = options == PageOptions::Live;
    let sections = sections(report);
    let mut body = header(report, is_live);
    body.push_str("<nav aria-label=\"Sections\"><ul>");
    for section in &sections {
        let _ = write!(body, "<li><a href=\"#{}\">{}</a></li>", section.id, escaped(section.title));
    }
    body.push_str("</ul></nav>\n<main id=\"main\">\n");
    body.push_str(&part(report));
    body.push_str("</main>\n");
    let _ = writeln!(
        body,
        "<footer><p>Made by bartune {} on {}. Figures of a backtest are no promise.</p></footer>",
        escaped(report.version),
        moment_text(report.generated_ms)
    );
    let _ = writeln!(body, "<script>{ECHARTS}</script>\n<script>{SCRIPT}</script>");
    document(&report.name, &body, (is_live, true))
}

/// The part of the page that changes while a study runs: its sections, and the data of their charts.
pub(super) fn part(report: &Report) -> String {
    let mut html: String = sections(report).iter().map(section).collect();
    let data = ChartData { search: &report.search, market: &report.market, judged: &report.judged };
    let _ = writeln!(html, "<script type=\"application/json\" id=\"data\">{}</script>", embedded(&data));
    html
}

/// A study in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListedStudy {
    /// Its name.
    pub name: String,
    /// How many trials it has.
    pub trials: u64,
    /// Who is writing to it.
    pub owner: Option<String>,
}

/// A page that lists the studies of a store, each a link to its own page.
#[must_use]
pub fn list_page(place: &str, studies: &[ListedStudy]) -> String {
    let mut rows = String::new();
    for study in studies {
        let owner = study.owner.as_deref().map_or_else(|| "–".to_owned(), escaped);
        let _ = write!(
            rows,
            "<tr><th scope=\"row\"><a href=\"/study/{}/\">{}</a></th><td class=\"n\">{}</td><td>{owner}</td></tr>",
            encoded(&study.name),
            escaped(&study.name),
            whole(study.trials as f64)
        );
    }
    let list = if studies.is_empty() {
        "<p class=\"missing\">There are no studies yet. Load the page again once one has begun.</p>".to_owned()
    } else {
        format!(
            "<table><caption>All studies of the store</caption><thead><tr><th scope=\"col\">study</th>\
             <th scope=\"col\" class=\"n\">trials</th><th scope=\"col\">being written by</th></tr></thead>\
             <tbody>{rows}</tbody></table>"
        )
    };
    let body = format!(
        "<header><p class=\"kind\">Bartune</p><h1>Studies</h1><p>{}</p></header>\n\
         <main id=\"main\"><section><div class=\"scroll\">{list}</div></section></main>\n",
        escaped(place)
    );
    document("Studies", &body, (false, false))
}

/// A name as part of an address.
fn encoded(name: &str) -> String {
    let mut text = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

fn document(title: &str, body: &str, (is_live, has_scripts): (bool, bool)) -> String {
    let scripts =
        if has_scripts { format!("'sha256-{}' 'sha256-{}'", hash(ECHARTS), hash(SCRIPT)) } else { "'none'".to_owned() };
    let connect = if is_live { "; connect-src 'self'" } else { "" };
    let live = if is_live { " data-live" } else { "" };
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src {scripts}; \
         style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'{connect}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
         <link rel=\"icon\" href=\"data:,\">\n<title>{} · Bartune</title>\n<style>{STYLE}</style>\n</head>\n\
         <body{live}>\n<a class=\"skip\" href=\"#main\">Skip to the content</a>\n{body}</body>\n</html>\n",
        escaped(title)
    )
}

/// A script's SHA-256 as a policy names it.
fn hash(script: &str) -> String {
    base64(&Sha256::digest(script.as_bytes()))
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for part in bytes.chunks(3) {
        let bits = part.iter().chain([&0; 2]).take(3).fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
        for place in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * place) & 63) as usize];
            text.push(if place <= part.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

fn header(report: &Report, is_live: bool) -> String {
    let objective: Vec<String> = report
        .search
        .objectives
        .iter()
        .map(|objective| format!("{} {}", if objective.is_maximized { "maximize" } else { "minimize" }, objective.name))
        .collect();
    let live = if is_live { "<p class=\"live\" role=\"status\" id=\"live\">connecting</p>" } else { "" };
    format!(
        "<header><p class=\"kind\">Study</p><h1>{}</h1><p>{}</p>{live}</header>\n",
        escaped(&report.name),
        escaped(&objective.join(", "))
    )
}

fn section(section: &Section) -> String {
    let mut html = format!(
        "<section id=\"{0}\" aria-labelledby=\"{0}-title\"><h2 id=\"{0}-title\">{1}</h2>\n",
        section.id,
        escaped(section.title)
    );
    let mut is_in_grid = false;
    for block in &section.blocks {
        let grid = matches!(block, Block::Chart(chart) if matches!(chart.size, Size::Half | Size::Small));
        if grid != is_in_grid {
            html.push_str(if grid { "<div class=\"grid\">\n" } else { "</div>\n" });
            is_in_grid = grid;
        }
        html.push_str(&block_html(block));
    }
    if is_in_grid {
        html.push_str("</div>\n");
    }
    html.push_str("</section>\n");
    html
}

fn block_html(block: &Block) -> String {
    match block {
        Block::Verdict { word, kind, sentence } => format!(
            "<div class=\"verdict {kind}\"><p class=\"word\"><span class=\"mark\" aria-hidden=\"true\"></span><span>{}</span></p><p>{}</p></div>\n",
            escaped(word),
            escaped(sentence)
        ),
        Block::Text(text) if text.is_empty() => String::new(),
        Block::Text(text) => format!("<p>{}</p>\n", escaped(text)),
        Block::Missing(text) => format!("<p class=\"missing\">{}</p>\n", escaped(text)),
        Block::Heading(text) => format!("<h3>{}</h3>\n", escaped(text)),
        Block::Facts(facts) => facts_html(facts),
        Block::Table(table) if table.rows.len() >= LONG => folded(&table.caption, &table_html(table)),
        Block::Table(table) => table_html(table),
        Block::Chart(chart) => chart_html(chart),
        Block::Code { title, text } => code_html(title, text),
    }
}

fn folded(title: &str, html: &str) -> String {
    format!("<details><summary>{}</summary>{html}</details>\n", escaped(title))
}

fn code_html(title: &str, text: &str) -> String {
    let label = escaped(title);
    let code = format!("<pre tabindex=\"0\" aria-label=\"{label}\"><code>{}</code></pre>", escaped(text));
    if text.lines().count() >= LONG_TEXT { folded(title, &code) } else { format!("<h3>{label}</h3>{code}\n") }
}

fn facts_html(facts: &[(String, String)]) -> String {
    let fact =
        |(name, value): &(String, String)| format!("<div><dt>{}</dt><dd>{}</dd></div>", escaped(name), escaped(value));
    format!("<dl class=\"facts\">{}</dl>\n", facts.iter().map(fact).collect::<String>())
}

fn chart_html(chart: &Chart) -> String {
    let size = match chart.size {
        Size::Tall => "tall",
        Size::Wide => "wide",
        Size::Half => "half",
        Size::Small => "small",
    };
    let index = chart.index.map_or_else(String::new, |index| format!(" data-index=\"{index}\""));
    let table =
        if chart.table.rows.is_empty() { String::new() } else { folded("As a table", &table_html(&chart.table)) };
    format!(
        "<figure class=\"{size}\"><figcaption>{}</figcaption>\
         <div class=\"chart\" data-chart=\"{}\"{index} role=\"img\" aria-label=\"{}\"></div>\
         <p class=\"label\">{}</p>{table}</figure>\n",
        escaped(&chart.title),
        chart.name,
        escaped(&format!("{}. {}", chart.title, chart.label)),
        escaped(&chart.label),
    )
}

fn table_html(table: &Table) -> String {
    let caption = escaped(&table.caption);
    let mut html = format!("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{caption}\"><table");
    html.push_str(if table.is_heat { " class=\"heat\">" } else { ">" });
    let _ = write!(html, "<caption>{caption}</caption><thead><tr>");
    for Column { name, is_number } in &table.columns {
        let class = if *is_number { " class=\"n\"" } else { "" };
        if name.is_empty() {
            let _ = write!(html, "<td{class}></td>");
        } else {
            let _ = write!(html, "<th scope=\"col\"{class}>{}</th>", escaped(name));
        }
    }
    html.push_str("</tr></thead><tbody>\n");
    for row in &table.rows {
        html.push_str("<tr>");
        for (index, cell) in row.iter().enumerate() {
            let is_number = table.columns.get(index).is_some_and(|column| column.is_number);
            html.push_str(&cell_html(cell, (index == 0, is_number)));
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</tbody></table></div>\n");
    html
}

fn cell_html(cell: &Cell, (is_head, is_number): (bool, bool)) -> String {
    let mut classes = Vec::new();
    if is_number {
        classes.push("n");
    }
    let mut style = String::new();
    match cell.tone {
        Tone::Plain => {}
        Tone::Good => classes.push("good"),
        Tone::Bad => classes.push("bad"),
        Tone::Strong => classes.push("strong"),
        Tone::Heat(share) => {
            classes.push(if share < 0.0 { "down" } else { "up" });
            style = format!(" style=\"--heat:{:.2}\"", share.abs().clamp(0.0, 1.0));
        }
    }
    let class = if classes.is_empty() { String::new() } else { format!(" class=\"{}\"", classes.join(" ")) };
    let (open, close) = if is_head { ("th scope=\"row\"", "th") } else { ("td", "td") };
    format!("<{open}{class}{style}>{}</{close}>", escaped(&cell.text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_cannot_leave_their_place() {
        assert_eq!(escaped("<b a=\"x\">'&"), "&lt;b a=&quot;x&quot;&gt;&#39;&amp;");
        assert_eq!(embedded(&"</script><!--\u{2028}"), "\"\\u003c/script>\\u003c!--\\u2028\"");
        assert_eq!(encoded("a b/ü"), "a%20b%2F%C3%BC");
    }

    #[test]
    fn base64_is_that_of_the_rfc() {
        let shown = ["", "f", "fo", "foo", "foob"].map(|text| base64(text.as_bytes()));
        assert_eq!(shown, ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg=="]);
    }

    #[test]
    fn no_script_of_the_page_can_end_early() {
        assert!(!ECHARTS.contains("</script") && !SCRIPT.contains("</script"));
    }
}
