"""Projects of other tools for the tests of `convert`, written from the documentation of their formats."""

from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

from automation.convert.conversion import Conversion, SettingOutcome
from automation.convert.stack_file import ConvertedStack, converted_stack

AWS = {"region": "us-west-2", "account_id": "111122223333"}
PASSWORD = "s3cr3t-Passw0rd"
COMPOSE = f"""
    services:
      web:
        build: {{context: web, dockerfile: docker/web.Dockerfile, target: runtime, args: {{A: b}}}}
        command: uvicorn main:app --port 8000
        ports: ["80:8000"]
        environment:
          LOG_LEVEL: ${{LOG_LEVEL:-info}}
          DATABASE_URL: postgresql://app:{PASSWORD}@db:5432/app
          DB_PASSWORD: {PASSWORD}
          CELERY_BROKER_URL: redis://queue:6379/0
          OPENAI_API_KEY: ${{OPENAI_API_KEY}}
          STRIPE_KEY: sk_live_{"4" * 24}
          TOOLS: http://tools:9000
          DEBUG: false
        depends_on: {{db: {{condition: service_healthy}}, tools: {{condition: service_started}}}}
        healthcheck: {{test: curl -f http://localhost:8000/ready, interval: 10s, timeout: 3s, retries: 5}}
        deploy: {{replicas: 2, resources: {{limits: {{cpus: "0.5", memory: 512M}}}}}}
        volumes: ["./web:/code"]
        restart: always
        secrets: [session-key]
      tools:
        image: ghcr.io/acme/tools:1.0
        expose: ["9000"]
      worker:
        image: ghcr.io/acme/worker:1.0
        command: [celery, -A, app, worker]
        env_file: worker.env
        depends_on: [queue]
        privileged: true
      page:
        image: ghcr.io/acme/page:1.0
        command: streamlit run app.py
        ports:
          - {{target: 8501, published: 8501}}
      db: {{image: "pgvector/pgvector:pg16", ports: ["5432:5432"], environment: {{POSTGRES_PASSWORD: {PASSWORD}}}}}
      queue: {{image: "redis:7-alpine"}}
      proxy: {{image: "nginx:1.27", ports: ["443:443"]}}
      search: {{image: "elasticsearch:8.1.0"}}
      admin: {{image: dpage/pgadmin4}}
    secrets: {{session-key: {{file: ./key.txt}}}}
    volumes: {{data: {{}}}}
    networks: {{back: {{}}}}
"""
TEMPLATE = f"""
    Parameters:
      Password: {{Type: String, Default: {PASSWORD}}}
      Image: {{Type: String, Default: "ghcr.io/acme/api:2.1"}}
      Live: {{Type: String, Default: "yes"}}
    Conditions:
      IsLive: !Equals [!Ref Live, "yes"]
      IsTest: !Not [!Condition IsLive]
    Resources:
      Vpc: {{Type: AWS::EC2::VPC, Properties: {{CidrBlock: 10.0.0.0/16}}}}
      TestQueue: {{Type: AWS::SQS::Queue, Condition: IsTest}}
      Queue: {{Type: AWS::SQS::Queue}}
      Fleet: {{Type: AWS::AutoScaling::AutoScalingGroup}}
      Task:
        Type: AWS::ECS::TaskDefinition
        Properties:
          Cpu: "512"
          Memory: 1 GB
          RuntimePlatform: {{CpuArchitecture: ARM64}}
          ContainerDefinitions:
            - Name: xray
              Image: public.ecr.aws/xray/aws-xray-daemon:3.x
            - Name: api
              Image: !Ref Image
              Command: [uvicorn, "main:app"]
              PortMappings: [{{ContainerPort: 8080}}]
              Environment:
                - {{Name: LOG_LEVEL, Value: !If [IsLive, info, debug]}}
                - {{Name: DB_HOST, Value: !GetAtt Db.Endpoint.Address}}
                - {{Name: DATABASE_PASSWORD, Value: !Ref Password}}
                - {{Name: CACHE, Value: !Sub "redis://${{Cache.PrimaryEndPoint.Address}}:6379"}}
                - {{Name: UPLOADS, Value: !Ref Bucket}}
                - {{Name: ADMIN_TOKEN, Value: {PASSWORD}}}
                - {{Name: TOPIC, Value: !ImportValue topic}}
              Secrets: [{{Name: OPENAI_API_KEY, ValueFrom: !Ref Secret}}]
      Service:
        Type: AWS::ECS::Service
        Properties:
          LaunchType: EC2
          DesiredCount: 2
          TaskDefinition: !Ref Task
          LoadBalancers: [{{ContainerName: api, ContainerPort: 8080, TargetGroupArn: !Ref Group}}]
      Balancer: {{Type: AWS::ElasticLoadBalancingV2::LoadBalancer, Properties: {{Scheme: internet-facing}}}}
      Group: {{Type: AWS::ElasticLoadBalancingV2::TargetGroup, Properties: {{HealthCheckPath: /ready}}}}
      Rule:
        Type: AWS::ElasticLoadBalancingV2::ListenerRule
        Properties:
          Actions: [{{Type: forward, TargetGroupArn: !Ref Group}}]
          Conditions: [{{Field: path-pattern, Values: ["/api/*"]}}]
      Target:
        Type: AWS::ApplicationAutoScaling::ScalableTarget
        Properties: {{MinCapacity: 2, MaxCapacity: 6, ResourceId: !Sub "service/main/${{Service.Name}}"}}
      Policy:
        Type: AWS::ApplicationAutoScaling::ScalingPolicy
        Properties:
          ScalingTargetId: !Ref Target
          TargetTrackingScalingPolicyConfiguration:
            TargetValue: 60.0
            PredefinedMetricSpecification: {{PredefinedMetricType: ECSServiceAverageCPUUtilization}}
      Nightly:
        Type: AWS::Events::Rule
        Properties:
          ScheduleExpression: cron(0 3 ? * 2-6 *)
          Targets:
            - EcsParameters: {{TaskDefinitionArn: !Ref Task}}
              Input: '{{"containerOverrides": [{{"name": "api", "command": ["python", "report.py"]}}]}}'
      Db:
        Type: AWS::RDS::DBInstance
        Properties:
          Engine: postgres
          EngineVersion: "16.4"
          DBInstanceClass: db.t3.medium
          AllocatedStorage: "40"
          MultiAZ: true
          BackupRetentionPeriod: 14
          PubliclyAccessible: true
          MasterUserPassword: !Ref Password
      Cache: {{Type: AWS::ElastiCache::ReplicationGroup, Properties: {{AutomaticFailoverEnabled: true}}}}
      Bucket: {{Type: AWS::S3::Bucket}}
      Secret: {{Type: AWS::SecretsManager::Secret}}
      Role: {{Type: AWS::IAM::Role}}
"""
MANIFEST = """
    name: api
    type: Load Balanced Web Service
    image: {build: {dockerfile: api/Dockerfile, context: api, args: {A: b}}, port: 8000}
    command: uvicorn main:app
    http:
      path: api
      alias: [agents.example.com, other.example.com]
      allowed_source_ips: [192.0.2.0/24]
      healthcheck: {path: /ready, interval: 15s, timeout: 5s}
      additional_rules: [{path: admin}]
    cpu: 512
    memory: 1024
    count: {range: 2-6, cpu_percentage: 70, cooldown: {out: 2m30s, in: 60s}, response_time: 2s}
    variables: {LOG_LEVEL: info, TABLE: {from_cfn: stack-table}}
    secrets: {OPENAI_API_KEY: /copilot/key, db: {secretsmanager: demo/mysql}}
    sidecars: {nginx: {image: nginx}}
    storage: {volumes: {data: {path: /data}}}
    environments:
      prod: {count: {range: {min: 3, max: 9}}, variables: {LOG_LEVEL: warning}}
"""
WORKER = """
    name: jobs
    type: Worker Service
    image: {location: "ghcr.io/acme/jobs:1.0"}
    command: python work.py
    count: 1
    publish: {topics: [{name: done}]}
    subscribe: {topics: [{name: done, service: api}]}
"""
SCHEDULED = """
    name: report
    type: Scheduled Job
    image: {build: {dockerfile: api/Dockerfile, context: api}}
    command: python report.py
    on: {schedule: "@daily"}
    retries: 2
    timeout: 1h30m
"""
ADDON = """
    Resources:
      Cluster: {Type: AWS::RDS::DBCluster, Properties: {Engine: aurora-postgresql, EngineVersion: "16.2"}}
      Table: {Type: AWS::DynamoDB::Table}
"""
SETTINGS = """
    from agno.infra.settings import InfraSettings
    infra_settings = InfraSettings(infra_name="acme", prd_env="prd", image_repo="ghcr.io/acme", aws_region="eu-west-1")
"""
RESOURCES = f'''
    from os import getenv
    prd_db_secret = SecretsManager(name="db", secret_files=[])
    prd_secret = SecretsManager(name=f"{{infra_settings.prd_key}}-secrets", secret_files=[
        infra_settings.infra_root.joinpath("infra/secrets/prd_api_secrets.yml")])
    prd_image = DockerImage(name=f"{{infra_settings.image_repo}}/app", tag=infra_settings.prd_env)
    prd_sg = SecurityGroup(name="sg")
    prd_bucket = S3Bucket(name="files", enabled=False)
    prd_db = DbInstance(name="db", engine="postgres", engine_version="17.2", allocated_storage=64,
                        db_instance_class="db.t4g.small", publicly_accessible=True, master_user_password="{PASSWORD}")
    env = {{
        "LOG_LEVEL": "info",
        "OPENAI_API_KEY": getenv("OPENAI_API_KEY"),
        "DB_HOST": AwsReference(prd_db.get_db_endpoint),
        "DB_PASS": AwsReference(prd_db.get_master_user_password),
        "MIGRATE_DB": prd_db.enabled,
    }}
    prd_api = FastApi(name="api", image=prd_image, command="uvicorn app.main:app", port_number=8000, env_vars=env,
                      ecs_task_cpu="1024", ecs_task_memory="2048", ecs_service_count=2, aws_secrets=[prd_secret],
                      create_load_balancer=True, health_check_path="/v1/health")
    prd_config = AwsResources(apps=[prd_api])
'''


def write(folder: Path, files: Mapping[str, str]) -> Path:
    """Write files into a folder, without the indentation that they have here, and return the folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text).lstrip(), encoding="utf-8")
    return folder


def stack_of(conversion: Conversion, folder: Path, cloud: str = "aws", profile: str = "development") -> ConvertedStack:
    """Return the stack file of a conversion for one target."""
    block = AWS if cloud == "aws" else {}
    return converted_stack(conversion, "dev", cloud, block, profile, folder / "Pulumi.dev.yaml")


def outcomes(stack: ConvertedStack, outcome: SettingOutcome) -> dict[str, str]:
    """Return the settings of the source with one outcome, with their reasons."""
    return {note.source: note.reason for note in stack.notes if note.outcome is outcome}
