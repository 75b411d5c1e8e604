"""`edgehone export`: what was asked, the files made of it, and what to know of them."""
