//! IAM on the wire: documents, errors with their statuses, pages, and what is refused.

use insta::assert_snapshot;
use shipit::local::LocalAws;

use super::{account, answer, between, form, form_in, send, start};

const TRUST: &str = "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Principal%22%3A%7B%22Service%22%3A%22ecs-tasks.amazonaws.com%22%7D%2C%22Action%22%3A%22sts%3AAssumeRole%22%7D%5D%7D";

/// Calls IAM and gives the status and the body, without the request's id.
async fn iam(local: &LocalAws, body: &str) -> String {
    let body = format!("{body}&Version=2010-05-08");
    let response = send(local, form("iam", &body)).await.unwrap();
    let text = String::from_utf8(response.body().to_vec()).unwrap();
    let id = between(&text, "<RequestId>", "</RequestId>");
    format!("{} {}", response.status().as_u16(), text.replace(&id, "ID"))
}

async fn create(local: &LocalAws, name: &str) -> String {
    iam(local, &format!("Action=CreateRole&RoleName={name}&AssumeRolePolicyDocument={TRUST}")).await
}

/// The status, the code and the message of a refusal.
async fn refusal(local: &LocalAws, body: &str) -> String {
    let text = iam(local, body).await;
    let code = between(&text, "<Code>", "</Code>");
    let message = between(&text, "<Message>", "</Message>");
    format!("{} {code}: {message}", &text[..3])
}

#[tokio::test]
async fn documents_come_back_url_encoded() {
    let local = account(&start());
    let made = create(&local, "web").await;
    assert_eq!(between(&made, "<AssumeRolePolicyDocument>", "<"), TRUST);
    assert_eq!(between(&made, "<Arn>", "<"), "arn:aws:iam::123456789012:role/web");
    assert_eq!(between(&made, "<CreateDate>", "<"), "2026-11-21T04:00:00.000Z");
}

#[tokio::test]
async fn roles_are_the_same_from_every_region() {
    let local = account(&start());
    create(&local, "web").await;
    let body = "Action=GetRole&RoleName=web&Version=2010-05-08";
    let there = answer(&local, form_in("iam", "us-east-1", "AKIALOCAL", body)).await;
    assert_eq!(between(&there, "<RoleName>", "<"), "web");
    let stranger = answer(&local, form_in("iam", "us-east-1", "222222222222", body)).await;
    assert_eq!(between(&stranger, "<Code>", "<"), "NoSuchEntity");
}

#[tokio::test]
async fn refusals_have_codes_and_statuses_of_iam() {
    let local = account(&start());
    create(&local, "web").await;
    iam(&local, "Action=AttachRolePolicy&RoleName=web&PolicyArn=arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore").await;
    let role = format!("Action=CreateRole&AssumeRolePolicyDocument={TRUST}");
    let mut found = Vec::new();
    for body in [
        format!("{role}&RoleName=WEB"),
        format!("{role}&RoleName=a%20b"),
        format!("{role}&RoleName=new&Path=app"),
        format!("{role}&RoleName=new&MaxSessionDuration=60"),
        format!("{role}&RoleName=new&PermissionsBoundary=arn:aws:iam::123456789012:policy/none"),
        format!("{role}&RoleName=new&Colour=red"),
        "Action=CreateRole&RoleName=new&AssumeRolePolicyDocument=%7B".to_owned(),
        "Action=CreateRole&RoleName=new&AssumeRolePolicyDocument=%7B%7D".to_owned(),
        format!("Action=PutRolePolicy&RoleName=web&PolicyName=own&PolicyDocument={TRUST}"),
        "Action=GetRole&RoleName=new".to_owned(),
        "Action=GetRolePolicy&RoleName=web&PolicyName=own".to_owned(),
        "Action=AttachRolePolicy&RoleName=web&PolicyArn=arn:aws:iam::aws:policy/Nothing".to_owned(),
        "Action=AttachRolePolicy&RoleName=web&PolicyArn=arn:aws:iam::aws:policy/aws-service-role/AmazonECSServiceRolePolicy".to_owned(),
        "Action=DeleteRole&RoleName=web".to_owned(),
        "Action=GetAccountAuthorizationDetails".to_owned(),
        "Action=ListRoles&Marker=x".to_owned(),
        "Action=ListRoles&MaxItems=0".to_owned(),
        "Action=GenerateCredentialReport".to_owned(),
    ] {
        let text = refusal(&local, &body).await;
        // The list of what is served grows; it is not what this test holds.
        found.push(text.split("; of iam it serves").next().unwrap().to_owned());
    }
    assert_snapshot!(found.join("\n"), @r#"
    409 EntityAlreadyExists: Role with name WEB already exists.
    400 ValidationError: The specified value for RoleName is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-
    400 ValidationError: The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.
    400 ValidationError: 1 validation error detected: Value '60' at 'MaxSessionDuration' failed to satisfy constraint: Member must be between 3600 and 43200
    404 NoSuchEntity: Policy arn:aws:iam::123456789012:policy/none does not exist or is not attachable.
    400 NotImplementedByLocalAws: local AWS does not model Colour of iam:CreateRole
    400 MalformedPolicyDocument: This policy contains invalid Json
    400 MalformedPolicyDocument: Syntax errors in policy.
    400 MalformedPolicyDocument: Policy document should not specify a principal.
    404 NoSuchEntity: The role with name new cannot be found.
    404 NoSuchEntity: The role policy with name own cannot be found.
    404 NoSuchEntity: Policy arn:aws:iam::aws:policy/Nothing does not exist or is not attachable.
    400 PolicyNotAttachable: Cannot attach a Service Role Policy to a Customer Role.
    409 DeleteConflict: Cannot delete entity, must detach all policies first.
    400 NotImplementedByLocalAws: local AWS does not hold the document of arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore
    400 ValidationError: The specified token is not valid.
    400 ValidationError: 1 validation error detected: Value '0' at 'MaxItems' failed to satisfy constraint: Member must be between 1 and 1000
    400 NotImplementedByLocalAws: local AWS does not model iam:GenerateCredentialReport
    "#);
}

#[tokio::test]
async fn pages_go_on_where_the_last_one_ended() {
    let local = account(&start());
    for name in ["a", "b", "c", "d", "e"] {
        create(&local, name).await;
    }
    let first = iam(&local, "Action=ListRoles&MaxItems=2").await;
    assert_eq!(between(&first, "<IsTruncated>", "<"), "true");
    let marker = between(&first, "<Marker>", "<");
    // What was listed goes, and what comes after stays in its place.
    iam(&local, "Action=DeleteRole&RoleName=a").await;
    let second = iam(&local, &format!("Action=ListRoles&MaxItems=2&Marker={marker}")).await;
    let marker = between(&second, "<Marker>", "<");
    let third = iam(&local, &format!("Action=ListRoles&MaxItems=2&Marker={marker}")).await;
    assert_eq!(between(&third, "<IsTruncated>", "<"), "false");
    assert!(!third.contains("<Marker>"), "{third}");
    let names = |text: &str| -> Vec<String> {
        text.split("<RoleName>").skip(1).map(|rest| rest[..1].to_owned()).collect()
    };
    assert_eq!(names(&(first + &second + &third)), ["a", "b", "c", "d", "e"]);
    let other = iam(&local, &format!("Action=ListPolicies&Marker={marker}")).await;
    assert_eq!(between(&other, "<Code>", "<"), "ValidationError");
}

#[tokio::test]
async fn details_show_a_role_whole() {
    let local = account(&start());
    create(&local, "web").await;
    for body in [
        "Action=TagRole&RoleName=web&Tags.member.1.Key=k&Tags.member.1.Value=v",
        "Action=PutRolePolicy&RoleName=web&PolicyName=own&PolicyDocument=%7B%22Version%22:%222012-10-17%22,%22Statement%22:%7B%22Effect%22:%22Allow%22,%22Action%22:%22s3:*%22,%22Resource%22:%22*%22%7D%7D",
        "Action=AttachRolePolicy&RoleName=web&PolicyArn=arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy",
        "Action=PutRolePermissionsBoundary&RoleName=web&PermissionsBoundary=arn:aws:iam::aws:policy/PowerUserAccess",
        "Action=CreateInstanceProfile&InstanceProfileName=nodes",
        "Action=AddRoleToInstanceProfile&InstanceProfileName=nodes&RoleName=web",
    ] {
        assert!(iam(&local, body).await.starts_with("200"), "{body}");
    }
    let details = iam(&local, "Action=GetAccountAuthorizationDetails&Filter.member.1=Role").await;
    assert_snapshot!(details.replace(TRUST, "TRUST"), @r#"
    200 <GetAccountAuthorizationDetailsResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><GetAccountAuthorizationDetailsResult><GroupDetailList></GroupDetailList><IsTruncated>false</IsTruncated><Policies></Policies><RoleDetailList><member><Arn>arn:aws:iam::123456789012:role/web</Arn><AssumeRolePolicyDocument>TRUST</AssumeRolePolicyDocument><AttachedManagedPolicies><member><PolicyArn>arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy</PolicyArn><PolicyName>AmazonECSTaskExecutionRolePolicy</PolicyName></member></AttachedManagedPolicies><CreateDate>2026-11-21T04:00:00.000Z</CreateDate><InstanceProfileList><member><Arn>arn:aws:iam::123456789012:instance-profile/nodes</Arn><CreateDate>2026-11-21T04:00:00.000Z</CreateDate><InstanceProfileId>AIPA7GXZMZBPIPSV24TAC</InstanceProfileId><InstanceProfileName>nodes</InstanceProfileName><Path>/</Path><Roles><member><Arn>arn:aws:iam::123456789012:role/web</Arn><AssumeRolePolicyDocument>TRUST</AssumeRolePolicyDocument><CreateDate>2026-11-21T04:00:00.000Z</CreateDate><MaxSessionDuration>3600</MaxSessionDuration><Path>/</Path><RoleId>AROAHIECUFJSQJVMFYHGG</RoleId><RoleName>web</RoleName></member></Roles></member></InstanceProfileList><Path>/</Path><PermissionsBoundary><PermissionsBoundaryArn>arn:aws:iam::aws:policy/PowerUserAccess</PermissionsBoundaryArn><PermissionsBoundaryType>Policy</PermissionsBoundaryType></PermissionsBoundary><RoleId>AROAHIECUFJSQJVMFYHGG</RoleId><RoleLastUsed></RoleLastUsed><RoleName>web</RoleName><RolePolicyList><member><PolicyDocument>%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22s3%3A%2A%22%2C%22Resource%22%3A%22%2A%22%7D%7D</PolicyDocument><PolicyName>own</PolicyName></member></RolePolicyList><Tags><member><Key>k</Key><Value>v</Value></member></Tags></member></RoleDetailList><UserDetailList></UserDetailList></GetAccountAuthorizationDetailsResult><ResponseMetadata><RequestId>ID</RequestId></ResponseMetadata></GetAccountAuthorizationDetailsResponse>
    "#);
}
