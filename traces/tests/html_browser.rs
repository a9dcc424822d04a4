//! The page in a real browser, if one is found: keys, the address, the states that the script makes of differences.
//!
//! Each test appends a script to a page, which presses keys as a reader would and writes down what it then sees; the
//! browser prints the document that results. Without a Chromium these tests say that they were skipped.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod common;

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use common::{BACK, Move, PingPong, Player, THERE, Table, play, rally};
use spillway_traces::{Machine, Remarks, Trace, show_html};

const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];
const ARGUMENTS: [&str; 11] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    // Time passes as fast as nothing happens.
    "--virtual-time-budget=8000",
    "--dump-dom",
];

fn browser() -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    let paths = std::env::split_paths(&folders);
    paths.flat_map(|folder| NAMES.map(|name| folder.join(name))).find(|path| path.is_file())
}

/// What a script says of the page at this address once it is loaded, a line for each `say`; none without a browser.
fn said(trace: &Trace<PingPong>, hash: &str, script: &str) -> Option<Vec<String>> {
    let Some(browser) = browser() else {
        eprintln!("skipped: no Chromium is installed");
        return None;
    };
    let machine: &mut dyn Machine<PingPong> = &mut Table::default();
    let page = show_html(trace, Some(machine), &Remarks::default());
    let folder = tempfile::tempdir().unwrap();
    let tools = r##"<pre id="test"></pre><script>(async () => {
        const said = [];
        const say = (what) => said.push(String(what).replaceAll("\n", " "));
        const text = (query) => document.querySelector(query)?.textContent ?? "none";
        const press = (...keys) => keys.forEach((key) =>
            document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true })));
        // The address follows at its own pace.
        const step = async () => {
            await new Promise((done) => setTimeout(done, 400));
            return `${location.hash} ${text("#said")}`;
        };
        const pong = () => text("#state .card:nth-child(2)");"##;
    let end = "document.getElementById('test').textContent = JSON.stringify(said); })();</script>";
    let file = folder.path().join("page.html");
    std::fs::write(&file, format!("{page}{tools}\n{script}\n{end}")).unwrap();
    let mut command = Command::new(browser);
    command
        .args(ARGUMENTS)
        .arg(format!("--user-data-dir={}", folder.path().join("user").display()));
    let output = command.arg(format!("file://{}{hash}", file.display())).output().unwrap();
    let document = String::from_utf8(output.stdout).unwrap();
    let (_, rest) =
        document.split_once(r#"<pre id="test">"#).unwrap_or_else(|| panic!("{document}"));
    let said = rest.split_once("</pre>").unwrap().0;
    let said = said.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    Some(serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}")))
}

#[test]
fn keys_step_through_the_states_and_name_the_step_in_the_address() {
    let script = r##"
        say(await step());
        say(pong());
        press("ArrowRight"); say(await step()); say(pong());
        press("j", "ArrowDown"); say(await step());
        press("k", "ArrowLeft"); say(await step()); say(pong());
        press("End"); say(await step()); say(pong());
        press("ArrowRight"); say(await step());
        press("c"); say(await step());
        press("Home"); say(await step()); say(pong());
        press("4"); say(document.activeElement.id + " " + document.activeElement.value);
        document.getElementById("jump").requestSubmit(); say(await step());
        say(document.querySelectorAll("g.now").length > 0 && !document.getElementById("now").hidden);
        press("l"); say(text("#list [aria-current]"));
        press("?"); say(document.getElementById("help").open);
    "##;
    let Some(said) = said(&rally(), "", script) else { return };
    let expected = [
        " Before the first step",
        "pongholds nothing",
        "#step-0 Step 0: ping serves",
        "pongincoming– → new: [1]",
        "#step-2 Step 2: pong rests",
        "#step-0 Step 0: ping serves",
        "pongincoming– → new: [1]",
        "#step-6 Step 6: pong returns the ball of ping",
        "pongincominggone: [1] → –",
        "#step-6 Step 6: pong returns the ball of ping",
        "#step-5 Step 5: ping serves",
        "#start Before the first step",
        "pongholds nothing",
        "number 4",
        "#step-4 Step 4: wind blows at pong",
        "true",
        "4wind blows at pong",
        "true",
    ];
    assert_eq!(said, expected);
}

#[test]
fn an_address_leads_to_its_step_and_a_break_is_marked() {
    let trace = play(&[Move::Serve, THERE, BACK, THERE, BACK]);
    let script = r##"
        say(await step()); say(pong());
        say(document.querySelectorAll("#marks .band").length);
        press("b"); say(await step()); say(text("#step .alarm"));
    "##;
    let Some(said) = said(&trace, "#step-2", script) else { return };
    let expected = [
        "#step-2 Step 2: ping returns the ball of pong",
        "pongincoming– → new: [3]",
        "1",
        "#step-3 Step 3: pong returns the ball of ping, breaks short-rallies",
        "✗ breaks short-rallies",
    ];
    assert_eq!(said, expected);
}

#[test]
fn text_of_a_trace_stays_text() {
    let mut trace = rally();
    let hostile =
        "</script><script>window.broken = 1</script><img src=x onerror='window.broken = 1'>";
    trace.events[1].observed.notes = vec![hostile.into()];
    let script = "say(text('#step .note dd')); say(document.images.length); say(window.broken);";
    let Some(said) = said(&trace, "#step-1", script) else { return };
    assert_eq!(said, [hostile, "0", "undefined"]);
}

/// The bound is far above what it takes: it holds off what grows with the length of the trace at each step.
#[test]
fn a_long_trace_stays_quick() {
    let round = [Move::Serve, THERE, BACK, Move::Wind { to: Player::Pong }];
    let moves: Vec<Move> = round.iter().cycle().take(5_000).cloned().collect();
    let script = r##"
        press("End"); say(await step());
        for (let count = 0; count < 300; count++) press("k");
        say(await step());
    "##;
    let trace = play(&moves);
    let start = Instant::now();
    let Some(said) = said(&trace, "", script) else { return };
    let took = start.elapsed();
    let (last, back) =
        ("#step-4999 Step 4999: wind blows at pong", "#step-4699 Step 4699: wind blows at pong");
    assert_eq!(said, [last, back]);
    assert!(took < Duration::from_secs(60), "it took {took:?}");
}
