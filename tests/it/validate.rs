//! `offercast validate`: all faults of all files, each with its place.

use insta::assert_snapshot;

use crate::support::{CAMPAIGN, SHARED, World, people};

/// Three faults: a misspelt key, a number in place of a duration, an unknown variable.
fn faulty() -> String {
    CAMPAIGN
        .replace("description:", "descripton:")
        .replace("14days", "604800000")
        .replace("{{ first_name }}", "{{ given_name }}")
}

fn world() -> World {
    World::new().audience("people.csv", &people(3))
}

#[test]
fn a_valid_campaign_says_so_on_standard_error() {
    let run = world().campaign("diwali", CAMPAIGN).run("validate").exits(0);
    assert_snapshot!(run.stdout(), @"");
    assert_snapshot!(run.stderr(), @"1 campaign is valid");
}

#[test]
fn all_faults_of_all_files_are_told_in_one_run() {
    let world = world()
        .campaign("diwali", &faulty())
        .campaign("shared", &SHARED.replace("region: in", "region: mars"));
    let run = world.run("validate").exits(65);
    assert_snapshot!(run.stdout(), @"");
    assert_snapshot!("several_faults", run.stderr());
}

#[test]
fn faults_are_told_as_json() {
    let world = world().campaign("diwali", &faulty());
    let report = world.run("validate --format json").exits(65).json();
    assert_snapshot!(serde_json::to_string_pretty(&report).unwrap());
}

#[test]
fn faults_are_told_as_github_annotations() {
    let world = world().campaign("diwali", &faulty());
    let run = world.run("validate --format github").exits(65);
    assert_snapshot!(run.stdout(), @r"
    ::error file=campaigns/diwali.yaml,line=3,endLine=3,col=1,endColumn=11,title=campaign/unknown-key::unknown key `descripton`%0Ahint: did you mean `description`?
    ::error file=campaigns/diwali.yaml,line=20,endLine=20,col=11,endColumn=20,title=campaign/epoch::this is a bare number, not a length of time%0Ahint: give a unit, such as `14days`; Kaleyra's sample 1209600000 is 14 days in ms, and taken as an instant it is 15 January 1970
    ");
}

#[test]
fn faults_are_told_as_sarif() {
    let world = world().campaign("diwali", &faulty());
    let report = world.run("validate --format sarif").exits(65).json();
    assert_eq!(report["version"], "2.1.0");
    let results = report["runs"][0]["results"].as_array().expect("results are a list");
    let lines: Vec<_> = results
        .iter()
        .map(|r| r["locations"][0]["physicalLocation"]["region"]["startLine"].as_u64())
        .collect();
    assert_eq!(lines, [Some(3), Some(20)], "{report:#}");
}

#[test]
fn two_campaigns_cannot_have_one_name() {
    let world = world().campaign("one", CAMPAIGN).campaign("two", CAMPAIGN);
    let _ = world
        .run("validate")
        .exits(65)
        .shows("campaign/duplicate-name")
        .shows("campaigns/two.yaml:2:")
        .shows("campaigns/one.yaml:2:");
}

#[test]
fn an_audience_file_must_be_there() {
    let world = World::new().campaign("diwali", CAMPAIGN);
    let _ = world.run("validate").exits(65).shows("campaigns/diwali.yaml:").shows("people.csv");
}

#[test]
fn an_audience_without_the_phone_column_is_refused() {
    let world = World::new()
        .campaign("diwali", CAMPAIGN)
        .audience("people.csv", "customer_id,first_name,mobile\nc0,Asha,+491713920000\n");
    let _ = world.run("validate").exits(65).shows("mobile");
}

#[test]
fn a_folder_without_campaigns_is_an_error() {
    let world = World::new().file("campaigns/readme.txt", "nothing here");
    let _ = world.run("validate").exits(1).shows("there is no campaign file");
    let _ = world.run("validate elsewhere").exits(1).shows("cannot read `elsewhere`");
}

#[test]
fn only_the_named_files_are_checked() {
    let world = world().campaign("diwali", CAMPAIGN).campaign("broken", "version: 1\nname: [");
    let _ = world.run("validate campaigns/diwali.yaml").exits(0);
    let _ = world.run("validate campaigns/diwali.yaml campaigns/broken.yaml").exits(65);
}

#[test]
fn numbers_in_faulty_lines_are_masked() {
    let list = "list:\n      - { phone: \"+491713920042\", frist_name: Asha }";
    let yaml = CAMPAIGN.replace("file: audiences/people.csv\n    id: customer_id", list);
    let _ = World::new().campaign("diwali", &yaml).run("validate").exits(65);
}

#[test]
fn neither_network_nor_ledger_nor_key_is_needed() {
    let world = world().campaign("diwali", CAMPAIGN).without("OFFERCAST_CODE_KEY");
    let world = world.without("KALEYRA_API_KEY").without("KALEYRA_SID").env("CI", "true");
    let _ = world.run("validate").exits(0);
    assert!(!world.path(".offercast").exists());
}
