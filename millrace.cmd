@node "%~dp0infra-scripts\bin\millrace.js" %*
