"""A VAE of the rows of a table, after Tybalt, which was one of gene expression (Way and Greene 2018).

Any labelled table of numbers will do: there is no family apart for tables that are not of genes.
"""
