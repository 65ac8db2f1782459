@rem The scripts of package.json begin with `exec`, so that a shell of Unix leaves no process between npm and Node. This is its like here.
@%*
