//! Requests and answers as they stand on the wire.

use bytes::Bytes;
use http::Request;
use insta::assert_snapshot;

use super::{account, answer, form, form_in, json, start};

#[tokio::test]
async fn query_answers() {
    let local = account(&start());
    assert_snapshot!(answer(&local, form("sts", "Action=GetCallerIdentity&Version=2011-06-15")).await, @r#"
    200 OK
    content-type: text/xml
    x-amzn-requestid: 023c1903-7eba-4b0e-92c6-457e830a108a

    <GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Account>123456789012</Account><Arn>arn:aws:iam::123456789012:user/local</Arn><UserId>AIDALOCALAWSUSER00001</UserId></GetCallerIdentityResult><ResponseMetadata><RequestId>023c1903-7eba-4b0e-92c6-457e830a108a</RequestId></ResponseMetadata></GetCallerIdentityResponse>
    "#);
    assert_snapshot!(answer(&local, form("sts", "Action=AssumeRole&Version=2011-06-15&RoleArn=x&RoleSessionName=me")).await, @r#"
    400 Bad Request
    content-type: text/xml
    x-amzn-requestid: 5380bdf8-5bfc-4086-9a39-fb9792d6914b

    <ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>ValidationError</Code><Message>x is invalid</Message></Error><RequestId>5380bdf8-5bfc-4086-9a39-fb9792d6914b</RequestId></ErrorResponse>
    "#);
}

#[tokio::test]
async fn ec2_answers() {
    let local = account(&start());
    let create = "Action=CreateVpc&Version=2016-11-15&CidrBlock=10.0.0.0%2F16\
                  &TagSpecification.1.ResourceType=vpc&TagSpecification.1.Tag.1.Key=a+b\
                  &TagSpecification.1.Tag.1.Value=%3Cc%3E%26";
    assert_snapshot!(answer(&local, form("ec2", create)).await, @r#"
    200 OK
    content-type: text/xml;charset=UTF-8
    x-amzn-requestid: 023c1903-7eba-4b0e-92c6-457e830a108a

    <?xml version="1.0" encoding="UTF-8"?>
    <CreateVpcResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>023c1903-7eba-4b0e-92c6-457e830a108a</requestId><vpc><blockPublicAccessStates><internetGatewayBlockMode>off</internetGatewayBlockMode></blockPublicAccessStates><cidrBlock>10.0.0.0/16</cidrBlock><cidrBlockAssociationSet><item><associationId>vpc-cidr-assoc-0af9a9b00ea16493d</associationId><cidrBlock>10.0.0.0/16</cidrBlock><cidrBlockState><state>associated</state></cidrBlockState></item></cidrBlockAssociationSet><dhcpOptionsId>dopt-06790ff8c1b2568b0</dhcpOptionsId><instanceTenancy>default</instanceTenancy><ipv6CidrBlockAssociationSet></ipv6CidrBlockAssociationSet><isDefault>false</isDefault><ownerId>123456789012</ownerId><state>pending</state><tagSet><item><key>a b</key><value>&lt;c&gt;&amp;</value></item></tagSet><vpcId>vpc-0a7e864c294e56992</vpcId></vpc></CreateVpcResponse>
    "#);
    assert_snapshot!(answer(&local, form("ec2", "Action=DeleteVpc&Version=2016-11-15&VpcId=vpc-0123456789abcdef0")).await, @r#"
    400 Bad Request
    content-type: text/xml;charset=UTF-8
    x-amzn-requestid: 5380bdf8-5bfc-4086-9a39-fb9792d6914b

    <?xml version="1.0" encoding="UTF-8"?>
    <Response><Errors><Error><Code>InvalidVpcID.NotFound</Code><Message>The vpc ID 'vpc-0123456789abcdef0' does not exist</Message></Error></Errors><RequestID>5380bdf8-5bfc-4086-9a39-fb9792d6914b</RequestID></Response>
    "#);
}

#[tokio::test]
async fn json_answers() {
    let local = account(&start());
    let put = r#"{"Name": "/a", "Value": "v", "Type": "String"}"#;
    assert_snapshot!(answer(&local, json("ssm", "AmazonSSM.PutParameter", put)).await, @r#"
    200 OK
    content-type: application/x-amz-json-1.1
    x-amzn-requestid: 023c1903-7eba-4b0e-92c6-457e830a108a

    {"Tier":"Standard","Version":1}
    "#);
    assert_snapshot!(answer(&local, json("ssm", "AmazonSSM.PutParameter", put)).await, @r#"
    400 Bad Request
    content-type: application/x-amz-json-1.1
    x-amzn-requestid: 5380bdf8-5bfc-4086-9a39-fb9792d6914b

    {"__type":"ParameterAlreadyExists","message":"The parameter already exists. To overwrite this value, set the overwrite option in the request to true."}
    "#);
    assert_snapshot!(answer(&local, json("ssm", "AmazonSSM.GetParameter", r#"{"Name": "/a"}"#)).await, @r#"
    200 OK
    content-type: application/x-amz-json-1.1
    x-amzn-requestid: 96a40f0d-e59e-44db-8977-c8463043948c

    {"Parameter":{"ARN":"arn:aws:ssm:eu-west-1:123456789012:parameter/a","DataType":"text","LastModifiedDate":1795233600.0,"Name":"/a","Type":"String","Value":"v","Version":1}}
    "#);
    // Version 1.0 is answered as 1.0.
    let mut request = json("ssm", "AmazonSSM.GetParameter", r#"{"Name": "/b"}"#);
    request.headers_mut().insert("content-type", "application/x-amz-json-1.0".parse().unwrap());
    assert_snapshot!(answer(&local, request).await, @r#"
    400 Bad Request
    content-type: application/x-amz-json-1.0
    x-amzn-requestid: 165c7faf-4a22-4480-bf7a-fd4dfe5afa32

    {"__type":"ParameterNotFound","message":"Parameter /b not found."}
    "#);
}

/// Code, status and message of every refusal, one a line.
async fn refusals(requests: Vec<Request<Bytes>>) -> String {
    let local = account(&start());
    let mut lines = String::new();
    for request in requests {
        let text = answer(&local, request).await;
        let (head, body) = text.split_once("\n\n").unwrap();
        let status = head.lines().next().unwrap();
        let body = body.trim_start_matches("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        let body = body.split("<RequestI").next().unwrap();
        // The list of services grows; that it is told is enough here.
        let body = body.split("; it serves ").next().unwrap();
        lines.push_str(&format!("{status}: {body}\n"));
    }
    lines
}

#[tokio::test]
async fn what_is_not_modelled_is_refused_by_name() {
    let mut cbor = json("ssm", "AmazonSSM.GetParameter", "{}");
    cbor.headers_mut().insert("content-type", "application/cbor".parse().unwrap());
    let mut gzip = json("ssm", "AmazonSSM.GetParameter", "{}");
    gzip.headers_mut().insert("content-encoding", "gzip".parse().unwrap());
    let mut get = form("sts", "");
    *get.method_mut() = http::Method::GET;
    let requests = vec![
        form("glacier", "Action=ListQueues&Version=2012-11-05"),
        form("sts", "Action=GetSessionToken&Version=2011-06-15"),
        form("sts", "Action=GetCallerIdentity&Version=2000-01-01"),
        form("sts", "Action=GetCallerIdentity&Version=2011-06-15&Colour=red"),
        form(
            "ec2",
            "Action=CreateVpc&Version=2016-11-15&CidrBlock=10.0.0.0/16&TagSpecification.1.ResourceType=vpc&TagSpecification.1.Shape=round",
        ),
        json(
            "ssm",
            "AmazonSSM.PutParameter",
            r#"{"Name":"a","Value":"b","Type":"String","Tags":[{"Key":"a","Value":"b","Colour":{"red":1}}]}"#,
        ),
        json("ssm", "AmazonEC2.GetParameter", "{}"),
        cbor,
        gzip,
        get,
    ];
    assert_snapshot!(refusals(requests).await, @r#"
    400 Bad Request: <ErrorResponse xmlns=""><Error><Type>Sender</Type><Code>NotImplementedByLocalAws</Code><Message>local AWS does not serve glacier
    400 Bad Request: <ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>NotImplementedByLocalAws</Code><Message>local AWS does not model sts:GetSessionToken; of sts it serves GetCallerIdentity, AssumeRole</Message></Error>
    400 Bad Request: <ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>NotImplementedByLocalAws</Code><Message>local AWS serves version 2011-06-15 of sts, not 2000-01-01</Message></Error>
    400 Bad Request: <ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>NotImplementedByLocalAws</Code><Message>local AWS does not model Colour of sts:GetCallerIdentity</Message></Error>
    400 Bad Request: <Response><Errors><Error><Code>NotImplementedByLocalAws</Code><Message>local AWS does not model TagSpecification.1.Shape of ec2:CreateVpc</Message></Error></Errors>
    400 Bad Request: {"__type":"NotImplementedByLocalAws","message":"local AWS does not model Tags.1.Colour of ssm:PutParameter"}
    400 Bad Request: {"__type":"NotImplementedByLocalAws","message":"local AWS serves ssm as AmazonSSM.*, not AmazonEC2.GetParameter"}
    415 Unsupported Media Type: {"__type":"NotImplementedByLocalAws","message":"local AWS does not speak CBOR for ssm: use the service's JSON protocol"}
    415 Unsupported Media Type: {"__type":"NotImplementedByLocalAws","message":"local AWS does not read bodies with content encoding gzip"}
    400 Bad Request: <ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>NotImplementedByLocalAws</Code><Message>local AWS serves sts by POST only, not GET</Message></Error>
    "#);
}

#[tokio::test]
async fn bad_requests() {
    let nobody = Request::post("/").body(Bytes::new()).unwrap();
    let nonsense =
        Request::post("/").header("authorization", "Credential=a/b").body(Bytes::new()).unwrap();
    let requests = vec![
        nobody,
        nonsense,
        form_in("sts", "mars-north-1", "AKIALOCAL", "Action=GetCallerIdentity&Version=2011-06-15"),
        form("sts", "Action=%zz"),
        form("sts", "a=1&a.b=2"),
        form("ec2", "Action=CreateVpc&Version=2016-11-15"),
        form("ec2", "Action=CreateVpc&Version=2016-11-15&CidrBlock.1=x"),
        form("ec2", "Action=DescribeVpcs&Version=2016-11-15&MaxResults=many"),
        json("ssm", "AmazonSSM.GetParameter", "{"),
        json("ssm", "AmazonSSM.GetParameter", "[]"),
        json("ssm", "AmazonSSM.GetParameter", "{}"),
        json("ssm", "AmazonSSM.GetParameter", r#"{"Name": 1}"#),
        json("ssm", "AmazonSSM.GetParameters", r#"{"Names": "a"}"#),
    ];
    assert_snapshot!(refusals(requests).await, @r#"
    403 Forbidden: <ErrorResponse xmlns=""><Error><Type>Sender</Type><Code>MissingAuthenticationToken</Code><Message>Missing Authentication Token</Message></Error>
    403 Forbidden: <ErrorResponse xmlns=""><Error><Type>Sender</Type><Code>MissingAuthenticationToken</Code><Message>Missing Authentication Token</Message></Error>
    403 Forbidden: <ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>SignatureDoesNotMatch</Code><Message>Credential should be scoped to a valid region, not 'mars-north-1'.</Message></Error>
    400 Bad Request: <ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>MalformedQueryString</Code><Message>`%zz` is badly escaped</Message></Error>
    400 Bad Request: <ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>MalformedQueryString</Code><Message>`a.b` is given twice</Message></Error>
    400 Bad Request: <Response><Errors><Error><Code>MissingParameter</Code><Message>The request must contain the parameter CidrBlock</Message></Error></Errors>
    400 Bad Request: <Response><Errors><Error><Code>InvalidParameterValue</Code><Message>Invalid value for parameter CidrBlock: it must be of type string</Message></Error></Errors>
    400 Bad Request: <Response><Errors><Error><Code>InvalidParameterValue</Code><Message>Invalid value for parameter MaxResults: it must be of type integer</Message></Error></Errors>
    400 Bad Request: {"__type":"SerializationException","message":"EOF while parsing an object at line 1 column 1"}
    400 Bad Request: {"__type":"SerializationException","message":"the body is not a JSON object"}
    400 Bad Request: {"__type":"ValidationException","message":"1 validation error detected: Value null at 'Name' failed to satisfy constraint: Member must not be null"}
    400 Bad Request: {"__type":"SerializationException","message":"the value at 'Name' is not of type string"}
    400 Bad Request: {"__type":"SerializationException","message":"the value at 'Names' is not of type list"}
    "#);
}

#[tokio::test]
async fn accounts_and_regions_are_apart() {
    let local = account(&start());
    let whose = async |service: &str, key: &str| {
        let request =
            form_in(service, "us-east-1", key, "Action=GetCallerIdentity&Version=2011-06-15");
        super::between(&answer(&local, request).await, "<Account>", "</Account>")
    };
    assert_eq!(whose("sts", "AKIALOCAL").await, "123456789012");
    assert_eq!(whose("sts", "111122223333").await, "111122223333");

    let create = "Action=CreateVpc&Version=2016-11-15&CidrBlock=10.0.0.0/16";
    let list = "Action=DescribeVpcs&Version=2016-11-15";
    answer(&local, form_in("ec2", "us-east-1", "AKIALOCAL", create)).await;
    let count = async |region: &str, key: &str| {
        answer(&local, form_in("ec2", region, key, list)).await.matches("<vpcId>").count()
    };
    assert_eq!(count("us-east-1", "AKIALOCAL").await, 1);
    assert_eq!(count("us-east-1", "AKIAOTHER").await, 1, "any other key is the default account");
    assert_eq!(count("eu-west-1", "AKIALOCAL").await, 0);
    assert_eq!(count("us-east-1", "111122223333").await, 0);
}

#[tokio::test]
async fn calls_are_recorded() {
    let local = account(&start());
    answer(&local, form("sts", "Action=GetCallerIdentity&Version=2011-06-15")).await;
    answer(&local, json("ssm", "AmazonSSM.GetParameter", r#"{"Name": "/a"}"#)).await;
    answer(&local, form("glacier", "Action=ListQueues")).await;
    let calls: Vec<String> = local
        .calls()
        .iter()
        .map(|call| {
            format!(
                "{} {} {} {} {}",
                call.account, call.region, call.service, call.operation, call.outcome
            )
        })
        .collect();
    assert_snapshot!(calls.join("\n"), @"
    123456789012 eu-west-1 sts GetCallerIdentity ok
    123456789012 eu-west-1 ssm GetParameter ParameterNotFound
    123456789012 eu-west-1 glacier  NotImplementedByLocalAws
    ");
    local.forget_calls();
    assert_eq!(local.calls(), []);
}
