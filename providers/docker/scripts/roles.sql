-- The services' role and the exporter's, neither of them a superuser; passwords come from files and are never logged.
\set ON_ERROR_STOP on
\set platform `cat /etc/agent-platform/platform`
\set monitor `cat /etc/agent-platform/monitor`
SET log_statement = 'none';
SET log_min_error_statement = 'panic';
SELECT 'CREATE ROLE platform LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'platform') \gexec
SELECT 'CREATE ROLE monitor LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'monitor') \gexec
ALTER ROLE platform PASSWORD :'platform';
ALTER ROLE monitor PASSWORD :'monitor';
GRANT pg_monitor TO monitor;
ALTER DATABASE agents OWNER TO platform;
