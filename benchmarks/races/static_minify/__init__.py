"""How fast style sheets and scripts are minified, how small they get, and who breaks them."""
