@rem npm start begins with exec, which sh needs for signals to reach the server. Windows has no such
@rem command and finds this one.
@%*
