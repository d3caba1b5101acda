@node "%~dp0dist\provider\adapters\plugin\main.js" %*
