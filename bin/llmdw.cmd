@echo off
rem Runs the llm-d Workbench command line with the Node that VS Code runs on, else with the one on the PATH.
setlocal
if defined LLMDW_NODE if exist "%LLMDW_NODE%" (
  set ELECTRON_RUN_AS_NODE=1
  "%LLMDW_NODE%" "%~dp0..\dist\llmdw.mjs" %*
  exit /b
)
node "%~dp0..\dist\llmdw.mjs" %*
