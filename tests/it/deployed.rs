//! What the files that deploy functions say of them: AWS SAM's and the Serverless Framework's.

use crate::project::Project;

const HANDLER: &str = r#"import json

import boto3

table = boto3.resource("dynamodb").Table("orders")


def listed(event, context):
    items = table.scan()["Items"]
    return {"statusCode": 200, "body": json.dumps(items)}
"#;
const SAM: &str = "Resources:
  Listed:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: src/
      Handler: orders.listed
      Events:
        Api:
          Type: Api
          Properties: {Path: /orders, Method: get}
";
const SERVERLESS: &str = "functions:
  listed:
    handler: src/orders.listed
    events:
      - httpApi: GET /orders
";

fn found(deployment: (&str, &str), handler: &str) -> Vec<String> {
    let project = Project::new();
    project.write(deployment.0, deployment.1);
    project.write("src/orders.py", handler);
    project.json(&[]).found()
}

#[test]
fn a_route_without_an_authorizer_is_open() {
    let open = ["src/orders.py:10 DDB802"];
    let asks = ["src/orders.py:10 DDB801"];
    assert_eq!(found(("template.yaml", SAM), HANDLER), open);
    assert_eq!(found(("serverless.yml", SERVERLESS), HANDLER), open);
    // Who may ask is said where it is deployed, by a decorator, or in the file.
    let authorizer = SAM.replace("Method: get", "Method: get, Auth: {Authorizer: Users}");
    assert_eq!(found(("template.yaml", &authorizer), HANDLER), asks);
    let private = SERVERLESS.replace("GET /orders", "{path: /orders, authorizer: {name: users}}");
    assert_eq!(found(("serverless.yml", &private), HANDLER), asks);
    let decorated = HANDLER.replace("def listed", "@members\ndef listed");
    let below = ["src/orders.py:11 DDB801"];
    assert_eq!(found(("template.yaml", SAM), &decorated), below);
    let claims = HANDLER.replace("table.scan()", "table.scan()  # all\n    event[\"requestContext\"][\"authorizer\"]\n    items = table.scan()");
    assert_eq!(
        found(("template.yaml", SAM), &claims),
        ["src/orders.py:12 DDB801"]
    );
    // Of a queue's events, and of what is not deployed, nobody is answered.
    let queue = SAM.replace("Type: Api", "Type: SQS");
    assert_eq!(found(("template.yaml", &queue), HANDLER), asks);
    assert_eq!(found(("values.yaml", SAM), HANDLER), asks);
    assert_eq!(found(("template.yaml", "Resources: ["), HANDLER), asks);
}

#[test]
fn a_handler_by_any_name() {
    let handler = "import boto3


def listed(order, _runtime):
    client = boto3.client(\"dynamodb\")
    client.delete_item(TableName=\"orders\", Key=order)
";
    assert_eq!(
        found(("template.yaml", SAM), handler),
        ["src/orders.py:5 DDB602"]
    );
    assert_eq!(found(("other.yaml", SAM), handler), [""; 0]);
}

#[test]
fn a_deployment_above_the_folder_counts_up_to_its_project() {
    let project = Project::new();
    project.write("shop/pyproject.toml", "[project]\nname = \"shop\"\n");
    project.write("shop/template.yaml", SAM);
    project.write("shop/src/orders.py", HANDLER);
    let found = |folder: &str, arguments: &[&str]| {
        let arguments = [&["check", "--output-format", "json"], arguments].concat();
        project.run_in(folder, &arguments).found()
    };
    assert_eq!(found("shop/src", &[]), ["orders.py:10 DDB802"]);
    assert_eq!(found("shop", &["src"]), ["src/orders.py:10 DDB802"]);
    assert_eq!(
        found("shop", &["src/orders.py"]),
        ["src/orders.py:10 DDB802"]
    );
    let shards = ["1/2", "2/2"].map(|shard| project.json(&["--shard", shard]).found());
    assert_eq!(shards.concat(), ["shop/src/orders.py:10 DDB802"]);
    // Another project's deployment is none of this one's.
    project.write("template.yaml", SAM.replace("src/", "other/src/"));
    project.write("other/pyproject.toml", "[project]\nname = \"other\"\n");
    project.write("other/src/orders.py", HANDLER);
    assert_eq!(found("other", &[]), ["src/orders.py:10 DDB801"]);
}
